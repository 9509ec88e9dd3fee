// The port by which consumers follow the whole store, in order of position.
import type { Position, RecordedEvent } from './event.js';

export abstract class Feed {
  /** Up to `limit` events after the position (from the very first for `null`), in order of position, none
   * left out. */
  abstract read(after: Position | null, limit: number): Promise<RecordedEvent[]>;

  /** The position of the last event in the store; `null` for an empty store. */
  abstract head(): Promise<Position | null>;

  /**
   * Resolves true as soon as there is an event after the position (at once if there already is), false after
   * `timeoutMs` or when the signal aborts. A hint for the live tail: what counts is what `read` returns.
   */
  abstract wait(after: Position | null, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
}
