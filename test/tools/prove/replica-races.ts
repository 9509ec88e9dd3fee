// The races between two processes of the operating system, over one store: as many as are asked for, judged.
import { replicasName, runRaces } from '../races/races.js';
import type { RaceResult } from '../races/races.js';
import type { Report } from '../report.js';

/** Of each of its two kinds, key-bound and bearer, for each round of a revocation race. */
const oneGenerationTimes = 5;

/** Share of the revocations that must have come while a request was being answered. */
const leastInside = 0.2;

/** `count` rounds of each revocation race, ten times as many of one generation. */
export async function proveReplicaRaces({
  seed,
  count,
  report,
}: {
  readonly seed: number;
  readonly count: number;
  readonly report: Report;
}): Promise<Readonly<Record<string, number>>> {
  const results = await runRaces({
    seed,
    rounds: count,
    roundsOf: (race) => {
      if (race.startsWith('rotating on')) return 0;
      return race.startsWith('one generation') ? count * oneGenerationTimes : count;
    },
    setting: replicasName,
    progress: (result) => checkRace(report, result),
  });
  const sum = (of: 'rounds' | 'inside' | 'released' | 'refused', named: string): number => {
    const those = results.filter(({ race }) => race.includes(named));
    return those.reduce((all, one) => all + one[of], 0);
  };
  checkMet(report, results);
  return {
    roundsOfEach: count,
    revocations: sum('rounds', ' x '),
    oneGeneration: sum('rounds', 'one generation'),
    inside: sum('inside', ' x '),
    released: sum('released', ' x '),
    refused: sum('refused', ' x '),
  };
}

/** Races that never meet show nothing. */
export function checkMet(report: Report, results: readonly RaceResult[]): void {
  const revocations = results.filter(({ race }) => race.includes(' x '));
  const sum = (of: 'rounds' | 'inside'): number => revocations.reduce((all, one) => all + one[of], 0);
  const [inside, rounds] = [sum('inside'), sum('rounds')];
  report.check(`${inside} of ${rounds} revocations met a request`, inside > rounds * leastInside);
}

/** Counts a race's result. */
export function checkRace(report: Report, { setting, race, rounds, violations }: RaceResult): void {
  const [first, ...others] = violations;
  const detail = `${others.length + 1} violations, the first in ${first}`;
  report.check(`${setting}: ${race}, ${rounds} times`, first === undefined, detail);
}
