// Readings of the ring's store on behalf of those who hold an unknown key id: at most one a second for all.
import { EngineError } from '@sallyport/engine';
import type { Clock } from '@sallyport/engine';

const EVERY_MS = 1_000;
/** Whoever makes up key ids holds no more requests than this. */
const MOST_WAITING = 500;

export class RingReadings {
  #last: { readonly startedAt: number; readonly done: Promise<void> } | undefined;
  #next: Promise<void> | undefined;
  #waiting = 0;

  constructor(
    private readonly read: () => Promise<void>,
    private readonly clock: Clock,
  ) {}

  /** Reads now. Rejects as the store does. */
  now(): Promise<void> {
    const done = this.read();
    this.#last = { startedAt: this.clock.now(), done };
    return done;
  }

  /** Waits for a reading that began within the last second: enough where no other process makes keys. */
  recent(): Promise<void> {
    return this.#untilNextMs() > 0 ? this.#last!.done : this.now();
  }

  /**
   * Waits for a reading that begins after the call, a second from it at the latest: what another process made
   * before the call is known then. Rejects with `store_unavailable` while too many wait already.
   */
  async next(): Promise<void> {
    if (this.#waiting >= MOST_WAITING) throw new EngineError('store_unavailable');
    this.#waiting += 1;
    this.#next ??= this.#after(this.#untilNextMs());
    await this.#next.finally(() => (this.#waiting -= 1));
  }

  async #after(delayMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    // From here on a caller would not know whether its key was made before this reading.
    this.#next = undefined;
    await this.now();
  }

  /** Milliseconds until the last reading is a second old; 0 when it is, or when the clock was set back. */
  #untilNextMs(): number {
    const ageMs = this.clock.now() - (this.#last?.startedAt ?? -Infinity);
    return ageMs >= 0 && ageMs < EVERY_MS ? EVERY_MS - ageMs : 0;
  }
}
