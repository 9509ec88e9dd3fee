// Traces the service while it answers refreshes: on disk first; and with `synchronous` lowered, not any more.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnTarget } from '../target/target.js';
import { Fleet } from '../load/fleet.js';
import type { Report } from '../report.js';
import { judgeAnswers, parseTrace, straceArguments, type Verdict } from './system-calls.js';

interface Traced {
  /** `sallyport_store_synchronous`, as the live writer has it. */
  readonly synchronous: number;
  readonly verdicts: readonly Verdict[];
}

const traceEndsWithinMs = 20_000;

/** `count` refreshes of each kind at each setting. Skipped, visibly, where there is no strace. */
export async function proveSynced({
  count,
  report,
}: {
  readonly count: number;
  readonly report: Report;
}): Promise<Readonly<Record<string, number>> | undefined> {
  if (spawnSync('strace', ['-V']).status !== 0) {
    report.skip('a trace of the process', 'strace is not installed');
    return undefined;
  }
  const full = await trace('FULL', count);
  const normal = await trace('NORMAL', count);
  // The two code exchanges are answered with tokens as well.
  const expected = 2 * count + 2;
  const synced = full.verdicts.filter((verdict) => verdict === 'synced').length;
  const red = normal.verdicts.filter((verdict) => verdict === 'unsynced').length;
  const seen = full.verdicts.length;
  report.check('the live writer has synchronous=2', full.synchronous === 2, full.synchronous);
  report.check(`all ${expected} answers were traced`, seen === expected, seen);
  report.check(`the ledger was synced before each of them`, synced === expected, tally(full.verdicts));
  report.check('lowered, the live writer says so', normal.synchronous === 1, normal.synchronous);
  // A checkpoint of the log syncs now and then at that setting, too.
  report.check('lowered, the same check goes red', red > expected * 0.9, tally(normal.verdicts));
  return { answersTraced: expected, syncedBeforeAnswer: synced, unsyncedWithNormal: red };
}

async function trace(level: 'FULL' | 'NORMAL', count: number): Promise<Traced> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-trace-'));
  const output = join(folder, 'trace');
  const env = { SALLYPORT_TEST_SYNCHRONOUS: level, SALLYPORT_TEST_CLOCK: '0' };
  try {
    const target = await OwnTarget.start({ env, under: ['strace', ...straceArguments(output)] });
    const ledgerFile = join(realpathSync(target.dataDir), 'ledger.sqlite');
    const synchronous = await refreshInTurn(target, count).finally(() => target.stop());
    return { synchronous, verdicts: judgeAnswers(parseTrace(await wholeTrace(output)), ledgerFile) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One request at a time, so that no sync is another's; resolves with what the metrics say of the writer. */
async function refreshInTurn(target: OwnTarget, count: number): Promise<number> {
  const fleet = await Fleet.signIn(target, { keyBound: 1, bearer: 1 });
  for (let n = 0; n < count; n += 1) {
    for (const phone of fleet.phones) {
      const { kind } = await phone.refresh(() => undefined);
      if (kind !== 'tokens') throw new Error(`a refresh was ${kind}`);
    }
  }
  const metrics = await (await fetch(`${target.issuer}/metrics`)).text();
  return Number(/^sallyport_store_synchronous (\d)$/m.exec(metrics)?.[1]);
}

/** The trace, once strace has written the end of the process (of its first thread). */
async function wholeTrace(file: string): Promise<string> {
  const deadline = Date.now() + traceEndsWithinMs;
  for (;;) {
    const text = readFileSync(file, 'utf8');
    const [, first = '-'] = /^(\d+) /.exec(text) ?? [];
    // Numbers of few digits are followed by more than one space.
    if (new RegExp(`^${first} +\\+\\+\\+ (exited|killed) `, 'm').test(text)) return text;
    if (Date.now() > deadline) throw new Error('strace did not write the end of the process');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function tally(verdicts: readonly Verdict[]): Readonly<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const verdict of verdicts) counted[verdict] = (counted[verdict] ?? 0) + 1;
  return counted;
}
