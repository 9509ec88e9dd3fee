// Whether the store answers: what the latest calls said, without a call of its own.
import type { Clock } from '@sallyport/engine';
import type { Trouble } from './errors.js';

/** `sinceMs`: the time of the first failure since the last answer, in milliseconds since 1970. */
export type Health =
  | { readonly reachable: true }
  | { readonly reachable: false; readonly sinceMs: number; readonly trouble: Trouble };

export class StoreHealth {
  private current: Health = { reachable: true };

  constructor(private readonly clock: Clock) {}

  /** Reachable until a call has failed. */
  get now(): Health {
    return this.current;
  }

  answered(): void {
    if (!this.current.reachable) this.current = { reachable: true };
  }

  failed(trouble: Trouble): void {
    const sinceMs = this.current.reachable ? this.clock.now() : this.current.sinceMs;
    this.current = { reachable: false, sinceMs, trouble };
  }
}
