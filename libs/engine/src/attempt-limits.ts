// The port that slows guessing down: after ten failures a growing delay, counted by all processes together.
import type { Clock } from './ports.js';

/** What a failure leads to. */
export interface FailedAttempt {
  /** How many there are now, in a row. */
  readonly failures: number;
  /** Before the next try; 0 for none. */
  readonly delaySeconds: number;
}

const freeFailures = 10;
const longestDelayMs = 15 * 60_000;

/** Failures count together while no longer than this passes between one and the next. */
export const attemptsForgottenMs = 24 * 3_600_000;

/** The delay that follows the last of so many failures in a row, in milliseconds. */
export function attemptDelayMs(failures: number): number {
  return failures < freeFailures ? 0 : Math.min(longestDelayMs, 1000 * 2 ** (failures - freeFailures));
}

/**
 * `space` says what is tried and `key` who tries it on what. Keys are kept at rest: they must mean nothing to
 * who reads them, so whatever comes from a person goes in as a keyed hash.
 */
export abstract class AttemptLimits {
  /** Seconds to wait before the next try for this key; 0 when it may be tried now. */
  abstract retryAfterSeconds(space: string, key: string): Promise<number>;

  /**
   * Counts a failure, each of any number at once: nine are free, the tenth is followed by a second, each
   * further one by twice as long, up to 15 minutes. After a day without one the count begins again.
   */
  abstract failed(space: string, key: string): Promise<FailedAttempt>;

  /** Forgets the failures of the key. */
  abstract succeeded(space: string, key: string): Promise<void>;
}

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

/** For one process. Each space keeps its latest 100,000 keys. */
export class MemoryAttemptLimits extends AttemptLimits {
  private readonly spaces = new Map<string, Map<string, Failures>>();

  constructor(
    private readonly clock: Clock,
    private readonly maxKeys = 100_000,
  ) {
    super();
  }

  async retryAfterSeconds(space: string, key: string): Promise<number> {
    const entry = this.entries(space).get(key);
    return entry === undefined ? 0 : secondsLeft(entry.count, entry.lastMs, this.clock.now());
  }

  async failed(space: string, key: string): Promise<FailedAttempt> {
    const now = this.clock.now();
    const entries = this.entries(space);
    const before = entries.get(key);
    const isFirst = before === undefined || now - before.lastMs > attemptsForgottenMs;
    const failures = isFirst ? 1 : before.count + 1;
    entries.delete(key);
    entries.set(key, { count: failures, lastMs: now });
    if (entries.size > this.maxKeys) entries.delete(entries.keys().next().value as string);
    return { failures, delaySeconds: attemptDelayMs(failures) / 1000 };
  }

  async succeeded(space: string, key: string): Promise<void> {
    this.entries(space).delete(key);
  }

  private entries(space: string): Map<string, Failures> {
    const entries = this.spaces.get(space) ?? new Map<string, Failures>();
    this.spaces.set(space, entries);
    return entries;
  }
}

/** Seconds, rounded up, until the delay after the last of the failures is over. */
export function secondsLeft(failures: number, lastMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((lastMs + attemptDelayMs(failures) - nowMs) / 1000));
}
