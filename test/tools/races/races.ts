// Runs the races: every revocation against every act, on one process, on two, and on two over a store that
// checks guards late and loses answers.
import { actNames } from './acts.js';
import { judge } from './judge.js';
import { ledgerProblems } from './ledger-problems.js';
import { bearerInParallel, keyBoundInParallel, rotatesOn } from './one-generation.js';
import { Processes } from './person.js';
import { race } from './race.js';
import type { Pairing, Raced, Ring } from './race.js';
import { Random, seedOf } from './random.js';
import { described } from './racing-store.js';
import { acrossProcesses, behindTheWire, onSharedFile, type MakeStage } from './stages.js';
import type { Faults } from './racing-store.js';
import { revocationNames } from './revocations.js';

export interface RacesRun {
  /** Of every race in every setting. */
  readonly rounds: number;
  /** Of the race named, in place of that; 0 leaves it out. */
  readonly roundsOf?: (race: string) => number;
  readonly seed: number;
  /** Races whose name starts with this. */
  readonly only?: string;
  readonly setting: string;
  /** Told after each race. */
  readonly progress?: (result: RaceResult) => void;
}

/** What the rounds of one race in one setting came to. */
export interface RaceResult {
  readonly setting: string;
  readonly race: string;
  readonly rounds: number;
  /** Rounds in which the revocation was stored while a request of the act was being answered. */
  readonly inside: number;
  /** Requests of the act that were given tokens, and that were refused. */
  readonly released: number;
  readonly refused: number;
  /** Every one, with its round and trace. */
  readonly violations: readonly string[];
}

interface Round {
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  readonly inside?: boolean;
  readonly released?: number;
  readonly refused?: number;
}

interface Setting {
  readonly stage: MakeStage;
  readonly name: string;
  /** Rounds at once; one after the other where steps are counted. */
  readonly atOnce?: number;
  readonly processes: number;
  readonly faults: Faults;
}

type Race = readonly [name: string, run: (ring: Ring) => Promise<Round>];

const lateGuards: Faults = { guardsAfterAppend: true, lostAnswers: 0.15 };

const settings: readonly Setting[] = [
  { name: 'one process', stage: onSharedFile, processes: 1, faults: {} },
  { name: 'two processes', stage: onSharedFile, processes: 2, faults: {} },
  { name: 'late guards', stage: onSharedFile, processes: 2, faults: lateGuards },
];

const races: readonly Race[] = [
  ...revocationNames.flatMap((revocation) =>
    actNames.map((act): Race => [`${revocation} x ${act}`, (ring) => pairedRound({ revocation, act }, ring)]),
  ),
  ['one generation, key-bound', keyBoundInParallel],
  ['one generation, bearer', bearerInParallel],
  ['rotating on, key-bound', (ring) => rotatesOn(ring, true)],
  ['rotating on, bearer', (ring) => rotatesOn(ring, false)],
];

export const settingNames = settings.map(({ name }) => name);

/** Run where it is named: too slow for every day. */
const wired: Setting = {
  name: 'EventStoreDB double',
  processes: 2,
  stage: behindTheWire,
  faults: { lostAnswers: 0.1 },
};
export const wiredName = wired.name;

/** Run where it is named: it needs PostgreSQL. */
const replicas: Setting = {
  name: 'processes of the system',
  processes: 2,
  stage: acrossProcesses,
  atOnce: 4,
  faults: {},
};
export const replicasName = replicas.name;

/** What the names of the races start with: parts of a run of about the same size. */
export const raceGroups: readonly string[] = [...revocationNames, 'one generation', 'rotating on'];

/** How many results one setting has: every race, and the ledger. */
export const resultCountOfSetting = races.length + 1;
/** How many all have in parallel, where each part has a ledger of its own. */
export const resultCount = (races.length + raceGroups.length) * settings.length;

/** Resolves with what every race came to. A violation is a result, not an error. */
export async function runRaces(run: RacesRun): Promise<RaceResult[]> {
  const setting = [...settings, wired, replicas].find(({ name }) => name === run.setting);
  return setting === undefined ? [] : runIn(setting, run);
}

async function runIn(setting: Setting, run: RacesRun): Promise<RaceResult[]> {
  const random = new Random(run.seed);
  const { services, store, feed, close } = await setting.stage({ ...setting, random });
  const results: RaceResult[] = [];
  const report = (result: Omit<RaceResult, 'setting'>): void => {
    results.push({ setting: setting.name, ...result });
    run.progress?.({ setting: setting.name, ...result });
  };
  try {
    const ring: Ring = { by: new Processes(services, random), store, random, faults: setting.faults };
    for (const one of races.filter(([name]) => name.startsWith(run.only ?? ''))) {
      random.reseed(seedOf(run.seed, setting.name, one[0]));
      const rounds = run.roundsOf?.(one[0]) ?? run.rounds;
      if (rounds > 0) report(await roundsOf(one, ring, { rounds, atOnce: setting.atOnce ?? 1 }));
    }
    const unread = (error: unknown) => ({ events: 0, ...thrown(error) });
    const { events, problems } = await ledgerProblems(feed).catch(unread);
    report({
      race: 'the ledger folds',
      rounds: events,
      inside: 0,
      released: 0,
      refused: 0,
      violations: problems,
    });
    return results;
  } finally {
    await close();
  }
}

async function roundsOf(
  [name, run]: Race,
  ring: Ring,
  { rounds, atOnce }: { readonly rounds: number; readonly atOnce: number },
): Promise<Omit<RaceResult, 'setting'>> {
  const total = { race: name, rounds, inside: 0, released: 0, refused: 0 };
  const violations: string[] = [];
  let begun = 0;
  const oneAfterTheOther = async (): Promise<void> => {
    for (let number = (begun += 1); number <= rounds; number = begun += 1) await count(number);
  };
  const count = async (number: number): Promise<void> => {
    const round = await run(ring).catch(thrown);
    total.inside += round.inside === true ? 1 : 0;
    total.released += round.released ?? 0;
    total.refused += round.refused ?? 0;
    const trace = round.trace.map((line) => `\n    ${line}`).join('');
    violations.push(...round.problems.map((problem) => `round ${number}: ${problem}${trace}`));
  };
  await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
  return { ...total, violations };
}

function thrown(error: unknown): Round {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { problems: [`broke off: ${text}`], trace: [] };
}

async function pairedRound(pairing: Pairing, ring: Ring): Promise<Round> {
  const raced = await race(pairing, ring);
  const problems = await judge(raced, ring);
  const { sent } = raced.acted;
  const refused = sent.filter(({ answer }) => answer.kind === 'failure').length;
  const signInRefused =
    raced.acted.signIn !== undefined && raced.acted.signIn.kind !== 'authenticated' ? 1 : 0;
  return {
    problems,
    trace: traceOf(raced),
    inside: wasInside(raced),
    released: sent.filter(({ answer }) => answer.kind === 'tokens').length,
    refused: refused + signInRefused,
  };
}

/** Whether the revocation was stored after a request of the act had come, and before that was answered. */
function wasInside({ acted, revocation }: Raced): boolean {
  const done = revocation.steps.findLast(
    ({ kind, outcome }) => kind === 'append' && outcome === undefined,
  )?.ended;
  const signIn = acted.signIn === undefined ? [] : [acted.signIn.trace];
  const traces = [...acted.sent.map(({ trace }) => trace), ...signIn];
  return traces.some(({ arrived, answered = 0 }) => done !== undefined && arrived < done && done < answered);
}

function traceOf({ acted, revocation, revoked, pairing }: Raced): string[] {
  const sent = acted.sent.map(({ trace, held, answer }) => {
    const verdict = answer.kind === 'failure' ? `${answer.error} ${answer.reason ?? ''}` : answer.kind;
    return `${described(trace)} -> ${verdict} (${held.sessionId.slice(0, 6)}, marker ${held.markerAccount})`;
  });
  const signIn =
    acted.signIn === undefined ? [] : [`${described(acted.signIn.trace)} -> ${acted.signIn.kind}`];
  const { position, revision = 'of the session', except = '' } = revoked;
  const sparing = except === '' ? '' : `, sparing ${except}`;
  const at = `${pairing.revocation} at position ${position}, revision ${revision}${sparing}`;
  return [at, described(revocation), ...signIn, ...sent];
}
