// What each verb does with a ledger.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import { projections } from '@sallyport/core-views';
import { accountAt, accountTimeline, anchorProblems, exportEvents } from '@sallyport/feature-auditor';
import { parseMoment, replayViews, rulesOverHistory } from '@sallyport/feature-auditor';
import { signAnchor, verifyLedger } from '@sallyport/feature-auditor';
import type { ExportFormat, Findings, Moment, SignedAnchor, TimelineLine } from '@sallyport/feature-auditor';
import { anchorIn, signingKey, writeNew } from './anchor-files.js';
import type { Surroundings } from './config.js';
import { AuditFailure } from './failure.js';
import type { Values, VerbName } from './grammar.js';
import type { Progress } from './progress.js';
import { withLedger, withViews } from './stores.js';
import { rulesWords } from './rules-words.js';
import { anchorWords, exportWords, replayWords, stateWords, timelineWords, verifyWords } from './words.js';

export interface Asked {
  readonly values: Values;
  readonly surroundings: Surroundings;
  readonly progressed: Progress['progressed'];
}

/** `document` is what --json prints, `text` is for people; neither where the answer was written already. */
export interface Answer {
  readonly holds: boolean;
  readonly document?: object;
  readonly text?: string;
}

/** One entry per verb of the grammar: the compiler sees to it. */
const work: Readonly<Record<VerbName, (asked: Asked) => Promise<Answer>>> = {
  timeline,
  state,
  replay,
  export: write,
  verify,
  anchor,
  rules,
};

/** Runs the verb. Throws `AuditFailure`, `AuditorError`, `EngineError`, `SqliteFileError`. */
export function runVerb(name: VerbName, asked: Asked): Promise<Answer> {
  return work[name](asked);
}

async function timeline({ values, surroundings, progressed }: Asked): Promise<Answer> {
  const { account = '', every } = values;
  const [from, to] = [momentOf(values, 'from'), momentOf(values, 'to')];
  const lines: TimelineLine[] = [];
  await withLedger(surroundings.dataDir, async ({ feed }) => {
    const told = accountTimeline(feed, account, { from, to, every, progressed });
    for await (const line of told) lines.push(line);
  });
  return { holds: true, document: { accountId: account, timeline: lines }, text: timelineWords(lines) };
}

async function replay({ surroundings: { dataDir }, progressed }: Asked): Promise<Answer> {
  const found = await withLedger(dataDir, ({ feed }) => {
    return withViews(dataDir, (views) => replayViews(projections, { feed, ...views }, { progressed }));
  });
  const holds = found.differenceCount === 0 && found.problems.length === 0;
  return { holds, document: found, text: replayWords(found) };
}

async function state({ values, surroundings, progressed }: Asked): Promise<Answer> {
  const { account = '' } = values;
  const document = await withLedger(surroundings.dataDir, async ({ feed }) => {
    const head = (await feed.head()) ?? '0';
    const at = momentOf(values, 'at') ?? { kind: 'position' as const, position: head };
    return accountAt(feed, account, { at, progressed });
  });
  return { holds: true, document, text: stateWords(document) };
}

async function write({ values, surroundings, progressed }: Asked): Promise<Answer> {
  const { out, json = false, account, type: types, personal = false } = values;
  const format = formatOf(values);
  if (json && out === undefined) {
    throw new AuditFailure('usage', '--json needs --out: the events go there then.');
  }
  const [from, to] = [momentOf(values, 'from'), momentOf(values, 'to')];
  const wanted = { format, account, types, personal, from, to, progressed };
  return withLedger(surroundings.dataDir, async ({ feed }) => {
    if (out !== undefined) writeNew(out, '');
    const hash = createHash('sha256');
    const stream = out === undefined ? process.stdout : createWriteStream(out);
    let events = 0;
    for await (const piece of exportEvents(feed, wanted)) {
      events += piece.events;
      hash.update(piece.text);
      if (!stream.write(piece.text)) await once(stream, 'drain');
    }
    if (out === undefined) return { holds: true };
    stream.end();
    await finished(stream);
    const document = { file: out, events, sha256: hash.digest('hex') };
    return { holds: true, document, text: exportWords(document) };
  });
}

async function verify({ values, surroundings, progressed }: Asked): Promise<Answer> {
  const anchored = values.anchor === undefined ? undefined : anchorIn(values.anchor);
  if (values.key !== undefined && anchored === undefined) {
    throw new AuditFailure('usage', '--key needs --anchor.');
  }
  const found = await withLedger(surroundings.dataDir, (ledger) => {
    return verifyLedger(ledger, { anchor: anchored, progressed });
  });
  const document = { ...withAnchor(found, anchored, values.key), keyExpected: values.key !== undefined };
  return { holds: document.problemCount === 0, document, text: verifyWords(document) };
}

async function anchor({ values, surroundings, progressed }: Asked): Promise<Answer> {
  const found = await withLedger(surroundings.dataDir, (ledger) => verifyLedger(ledger, { progressed }));
  if (found.problemCount > 0) return { holds: false, document: found, text: verifyWords(found) };
  const { position, recordedAt, events, streams, root } = found;
  const { privateKey, isNew } = signingKey(surroundings.signingKeyFile);
  const taken = { position, recordedAt, events, streams, root, takenAt: new Date().toISOString() };
  const signed = signAnchor(taken, privateKey);
  const file = values.out ?? '';
  writeNew(file, `${JSON.stringify(signed, null, 2)}\n`);
  const document = { file, ...signed, signingKeyFile: surroundings.signingKeyFile, keyIsNew: isNew };
  return { holds: true, document, text: anchorWords(document) };
}

async function rules({ values, surroundings, progressed }: Asked): Promise<Answer> {
  const [from, to] = [momentOf(values, 'from'), momentOf(values, 'to')];
  // The rules come with all that the service needs to run them: a second for every other verb.
  const { candidateIn } = await import('./candidate.js');
  const context = candidateIn(values.config ?? '');
  const document = await withLedger(surroundings.dataDir, ({ feed }) => {
    return rulesOverHistory(feed, { context, from, to, progressed });
  });
  const holds = document.differing + document.unjudged.length === 0;
  return { holds, document, text: rulesWords(document) };
}

/** What is wrong with the anchor itself comes first: nothing else means much then. */
function withAnchor(found: Findings, signed: SignedAnchor | undefined, key: string | undefined): Findings & {
  readonly anchor?: SignedAnchor;
} {
  if (signed === undefined) return found;
  const own = anchorProblems(signed, key);
  const problemCount = found.problemCount + own.length;
  return { ...found, problemCount, problems: [...own, ...found.problems], anchor: signed };
}

function formatOf({ format = 'ndjson' }: Values): ExportFormat {
  if (format === 'ndjson' || format === 'csv') return format;
  throw new AuditFailure('usage', '--format is ndjson or csv.');
}

function momentOf(values: Values, name: 'at' | 'from' | 'to'): Moment | undefined {
  const text = values[name];
  const moment = text === undefined ? undefined : parseMoment(text);
  if (text === undefined || moment !== undefined) return moment;
  const forms = 'an instant with its zone, like 2026-11-22T12:00:00Z, or a position';
  throw new AuditFailure('usage', `--${name} is ${forms}.`);
}
