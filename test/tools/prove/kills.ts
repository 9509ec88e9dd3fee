// Kills the service in the middle of refreshes, again and again, and counts what that came to.
import { KilledService, type KillCounts } from './killed-service.js';

export interface KillRun {
  readonly seed: number;
  readonly kills: number;
  /** Told after each kill. */
  readonly progress?: (counts: Readonly<KillCounts>) => void;
}

export interface KillResult extends Readonly<KillCounts> {
  /** What was found wrong; the run ends at the first kill that shows something. */
  readonly problems: readonly string[];
}

/** Kills of one service before another, on a new ledger, takes its place: audits read the whole ledger. */
const killsPerService = 10;
const loadMs = { least: 30, most: 500 };

export async function runKills({ seed, kills, progress }: KillRun): Promise<KillResult> {
  const random = randomFrom(seed);
  const counts: KillCounts = {
    kills: 0,
    answers: 0,
    inDoubt: 0,
    committedUnanswered: 0,
    askedAgain: 0,
    bearerSignedOut: 0,
    events: 0,
  };
  const problems: string[] = [];
  while (counts.kills < kills && problems.length === 0) {
    const service = await KilledService.start(counts);
    try {
      for (let n = 0; n < killsPerService && counts.kills < kills && problems.length === 0; n += 1) {
        problems.push(...(await service.killOnce(loadMs.least + random() * (loadMs.most - loadMs.least))));
        progress?.(counts);
      }
      problems.push(...(await service.finalProblems()));
    } finally {
      await service.stop();
    }
  }
  return { ...counts, problems };
}

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
