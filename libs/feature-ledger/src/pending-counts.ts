// Counts that wait out an interval before they are recorded, so that repeats become one event.
import type { Clock } from '@sallyport/engine';

const intervalMs = 60_000;
const sweepMs = 5_000;
const maxPending = 50_000;

/** By key; bounded, because strangers can make entries. */
export class PendingCounts<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly sinceMs: number }>();
  private readonly timer: NodeJS.Timeout;

  /** `record` is called once for each entry, an interval after it came, one at a time. It must not reject. */
  constructor(
    private readonly clock: Clock,
    private readonly record: (value: T) => Promise<void>,
  ) {
    this.timer = setInterval(() => void this.sweep(this.clock.now() - intervalMs), sweepMs).unref();
  }

  get(key: string): T | undefined {
    return this.entries.get(key)?.value;
  }

  /** False when there is no room for it. */
  add(key: string, value: T): boolean {
    if (this.entries.size >= maxPending) return false;
    this.entries.set(key, { value, sinceMs: this.clock.now() });
    return true;
  }

  /** Records all that waits. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.sweep(Number.POSITIVE_INFINITY);
  }

  private async sweep(sinceMs: number): Promise<void> {
    for (const [key, entry] of this.entries) {
      if (entry.sinceMs > sinceMs) continue;
      this.entries.delete(key);
      await this.record(entry.value);
    }
  }
}
