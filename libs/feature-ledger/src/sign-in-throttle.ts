// Slows guessing down: after ten failures a growing delay per name and address, so that strangers elsewhere
// cannot keep the owner out.
import type { Clock } from '@sallyport/engine';

interface Failures {
  count: number;
  untilMs: number;
  lastMs: number;
}

const freeFailures = 10;
const longestDelayMs = 15 * 60_000;
const forgetAfterMs = 24 * 3_600_000;
const maxEntries = 100_000;

export class SignInThrottle {
  private readonly entries = new Map<string, Failures>();

  constructor(private readonly clock: Clock) {}

  /** Seconds to wait before the next try for this key; 0 when it may be tried now. */
  retryAfterSeconds(key: string): number {
    const entry = this.entries.get(key);
    if (entry === undefined) return 0;
    return Math.max(0, Math.ceil((entry.untilMs - this.clock.now()) / 1000));
  }

  /** Counts a failure; returns how many there are and the delay that follows, 0 for none. */
  failed(key: string): { readonly failures: number; readonly delaySeconds: number } {
    const now = this.clock.now();
    const before = this.entries.get(key);
    const count = before === undefined || now - before.lastMs > forgetAfterMs ? 1 : before.count + 1;
    const delayMs = count < freeFailures ? 0 : Math.min(longestDelayMs, 1000 * 2 ** (count - freeFailures));
    this.entries.delete(key);
    this.entries.set(key, { count, untilMs: now + delayMs, lastMs: now });
    if (this.entries.size > maxEntries) this.entries.delete(this.entries.keys().next().value as string);
    return { failures: count, delaySeconds: delayMs / 1000 };
  }

  succeeded(key: string): void {
    this.entries.delete(key);
  }
}
