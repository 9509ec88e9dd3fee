// Reads what strace wrote, and judges whether the ledger was on disk before each answer began to leave.

export interface SystemCall {
  readonly name: string;
  /** The descriptor with what it stands for (`strace -yy`), e.g. `24</data/ledger.sqlite-wal>`. */
  readonly descriptor: string;
  readonly text: string;
  readonly result: number;
  /** Lines of the trace: where the call was entered, and where it had returned. */
  readonly entered: number;
  readonly returned: number;
}

/**
 * What happened between a request to the token endpoint and the answer that brought tokens. `unwritten`: the
 * ledger's log was not written at all. `unsynced`: written, but not synced since.
 */
export type Verdict = 'synced' | 'unsynced' | 'unwritten';

/** Arguments for strace; the traced command follows. `-D`: the command stays this process's own child. */
export function straceArguments(output: string): string[] {
  const network = ['read', 'recvfrom', 'recvmsg', 'write', 'writev', 'sendto', 'sendmsg'];
  const calls = [...network, 'pwrite64', 'pwritev', 'fsync', 'fdatasync'];
  return ['-D', '-f', '-yy', '-s', '48', '-e', `trace=${calls.join(',')}`, '-e', 'signal=none', '-o', output];
}

/** The calls of a trace in the order in which they returned; those that never did are left out. */
export function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { readonly head: string; readonly line: number }>();
  for (const [line, whole] of trace.split('\n').entries()) {
    const [, thread = '', text = ''] = /^(\d+)\s+(.*)$/.exec(whole) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      unfinished.set(thread, { head: text.slice(0, -'<unfinished ...>'.length).trimEnd(), line });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const begun = resumed === null ? undefined : unfinished.get(thread);
    const call = parseCall((begun?.head ?? '') + (resumed?.[1] ?? text), begun?.line ?? line, line);
    if (call !== undefined) calls.push(call);
  }
  return calls;
}

/** One verdict for each answer with status 200 to a POST to /token, in order. */
export function judgeAnswers(calls: readonly SystemCall[], ledgerFile: string): Verdict[] {
  const log = calls.filter(({ descriptor }) => descriptor.endsWith(`<${ledgerFile}-wal>`));
  const asked = new Map<string, number>();
  const verdicts: Verdict[] = [];
  for (const { descriptor, text, entered, returned } of calls) {
    if (text.includes('"POST /token ')) asked.set(descriptor, returned);
    const from = asked.get(descriptor);
    if (from === undefined || !text.includes('"HTTP/1.1 ')) continue;
    asked.delete(descriptor);
    if (!text.includes('"HTTP/1.1 200 ')) continue;
    verdicts.push(judge(log.filter((call) => call.entered > from && call.returned < entered)));
  }
  return verdicts;
}

function judge(between: readonly SystemCall[]): Verdict {
  const written = between.findLast(({ name }) => name.startsWith('pwrite'));
  if (written === undefined) return 'unwritten';
  const synced = between.some(
    ({ name, result, entered }) => /^f(data)?sync$/.test(name) && result === 0 && entered > written.returned,
  );
  return synced ? 'synced' : 'unsynced';
}

function parseCall(text: string, entered: number, returned: number): SystemCall | undefined {
  const parts = /^(\w+)\((\d+<.*?>)(?:[,)] ?.*)? = (-?\d+)/s.exec(text);
  if (parts === null) return undefined;
  const [, name = '', descriptor = '', result] = parts;
  return { name, descriptor: whole(descriptor, text), text, result: Number(result), entered, returned };
}

/** A socket's description holds an arrow, `40<TCP:[127.0.0.1:3000->127.0.0.1:5000]>`, and ends after it. */
function whole(descriptor: string, text: string): string {
  const socket = /\((\d+<\w+:\[[^\]]*\]>)/.exec(text);
  return socket?.[1] ?? descriptor;
}
