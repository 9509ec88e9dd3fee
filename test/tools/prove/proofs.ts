// What can be proved at length: each proof, how much of it counts as one, and the checks it makes.
import type { Report } from '../report.js';
import { runRotationModel } from '../model/run-model.js';
import { runRacesInParallel } from '../races/parallel.js';
import { resultCount } from '../races/races.js';
import { checkMet, checkRace, proveReplicaRaces } from './replica-races.js';
import type { KillCounts } from './killed-service.js';
import { runKills } from './kills.js';
import { proveSimulator } from './simulator.js';
import { runRelays } from '../faults/relays.js';
import { runOutages } from '../faults/outages.js';
import { wayOf } from '../faults/engines.js';
import { proveSynced } from './synced.js';

export interface ProofRun {
  readonly seed: number;
  readonly count: number;
  /** Of the simulator. */
  readonly days?: number | undefined;
  readonly report: Report;
}

export interface Proof {
  readonly name: string;
  /** The rule it shows. */
  readonly title: string;
  /** How much of it is run unless told otherwise. */
  readonly count: number;
  readonly unit: string;
  /** Where it can be run in pieces: how much is one, and the name of what is counted. */
  readonly pieces?: { readonly of: number; readonly counted: string };
  /** Makes its checks on the report; resolves with what it counted, undefined where it could not run. */
  run(run: ProofRun): Promise<Readonly<Record<string, number>> | undefined>;
}

const reportEveryMs = 10_000;

export const proofs: readonly Proof[] = [
  {
    name: 'model',
    title: 'no honest phone is signed out, thieves get nothing, one successor: histories against an oracle',
    count: 1_000_000,
    unit: 'refreshes',
    pieces: { of: 50_000, counted: 'refreshes' },
    async run({ seed, count, report }) {
      const progress = everySoOften((done: number) => report.say(`  ${done} of ${count} refreshes`));
      const refreshes = await runRotationModel({ seed, refreshes: count, progress });
      report.check(`${refreshes} refreshes agree with the oracle`, refreshes >= count, refreshes);
      return { refreshes };
    },
  },
  {
    name: 'kills',
    title: 'what was answered before a kill is stored, retries get the one successor, views equal a rebuild',
    count: 1_000,
    unit: 'kills',
    pieces: { of: 50, counted: 'kills' },
    async run({ seed, count, report }) {
      const progress = everySoOften(({ kills, answers, committedUnanswered }: Readonly<KillCounts>) => {
        report.say(`  ${kills} of ${count} kills, ${answers} answers, ${committedUnanswered} cut off by one`);
      });
      const { problems, ...counted } = await runKills({ seed, kills: count, progress });
      const { kills, answers, askedAgain, bearerSignedOut, events } = counted;
      report.check(`${kills} kills: nothing was found wrong`, problems.length === 0, problems.slice(0, 5));
      report.check(`all ${count} kills were made`, kills === count, kills);
      report.check(`${answers} answers are in ${events} events`, answers > 0 && events > answers, counted);
      report.check(`${askedAgain} tokens asked for again are the same`, askedAgain === kills * 8, counted);
      report.check('some kills fell between commit and answer', bearerSignedOut > 0 || kills < 20, counted);
      return counted;
    },
  },
  {
    name: 'races',
    title: 'nothing decided before a revocation is alive after it, whatever was in flight',
    count: 1_000,
    unit: 'rounds of each race in each setting',
    async run({ seed, count, report }) {
      const results = await runRacesInParallel({
        seed,
        rounds: count,
        progress: (result) => checkRace(report, result),
      });
      const races = results.length;
      report.check(`all ${resultCount} races were run`, races === resultCount, races);
      const sum = (of: 'inside' | 'released' | 'refused') => results.reduce((all, one) => all + one[of], 0);
      const counted = { inside: sum('inside'), released: sum('released'), refused: sum('refused') };
      checkMet(report, results);
      return { races, roundsOfEach: count, ...counted };
    },
  },
  {
    name: 'replica-races',
    title: 'the same races between two processes of the system, and a generation has one successor there too',
    count: 1_000,
    unit: 'rounds of each revocation race, ten of one generation for each',
    pieces: { of: 50, counted: 'roundsOfEach' },
    run: proveReplicaRaces,
  },
  {
    name: 'outages',
    title: 'broker, event store and database away under load: nothing answered is lost, nobody signed out',
    count: 60,
    unit: 'seconds that each engine is away, in halves: killed (odd seeds) and stopped (even ones)',
    pieces: { of: 30, counted: 'secondsOfEach' },
    run: ({ seed, count, report }) => runOutages({ seconds: count, way: wayOf(seed), report }),
  },
  {
    name: 'relays',
    title: 'relays killed and relays that all believe in their lease: foreign readers find the ledger, once',
    count: 50,
    unit: 'kills of the relay that publishes',
    pieces: { of: 10, counted: 'kills' },
    run: ({ seed, count, report }) => runRelays({ seed, kills: count, report }),
  },
  {
    name: 'synced',
    title: 'between request and answer the ledger is synced to disk; with synchronous lowered it is seen',
    count: 50,
    unit: 'refreshes of each kind, traced',
    run: proveSynced,
  },
  {
    name: 'simulator',
    title: 'the rules find thieves of seven kinds and leave honest people alone, with and without countries',
    count: 10_000,
    unit: 'accounts for 30 days (--days)',
    run: proveSimulator,
  },
];

/** A listener that is told the latest at most every ten seconds. */
function everySoOften<T>(tell: (latest: T) => void): (latest: T) => void {
  let toldAt = Date.now();
  return (latest) => {
    if (Date.now() - toldAt < reportEveryMs) return;
    toldAt = Date.now();
    tell(latest);
  };
}
