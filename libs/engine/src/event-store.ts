// The port to the append-only store. Adapters absorb differences; the contract suite in `testing` has one
// test per sentence below, in this order.
import type { EventDraft, Position, RecordedEvent } from './event.js';

/** A stream that must not have moved for an append to count. `revision` -1: the stream must not exist. */
export interface Guard {
  readonly stream: string;
  readonly revision: number;
}

export interface Append {
  readonly stream: string;
  /** The revision of the stream's last event, -1 for a stream without events, or `any`. */
  readonly expected: number | 'any';
  /** At least one. All are appended, or none. */
  readonly events: readonly EventDraft[];
  readonly guards: readonly Guard[];
}

export interface Appended {
  /** Revision of the last event appended. */
  readonly revision: number;
  /** Position of the last event appended. */
  readonly position: Position;
  /** Store time of the last event appended. */
  readonly recordedAt: string;
}

export abstract class EventStore {
  /**
   * Appends all events or none, and resolves only once they are durable on disk. Of any number of appends at
   * one expected revision exactly one wins; the others reject with `revision_conflict` and leave no trace.
   * With `any` the events go to the end of the stream, whatever its revision. Rejects with `guard_moved`
   * unless every guarded stream still stood at its revision at an instant not before the append was durable
   * (a store that checks inside its transaction appended nothing then and says so, `appended: false`; for
   * others the append may exist). Rejects with `outcome_unknown` when the store did not answer,
   * `store_unavailable` when it certainly appended nothing. Events of one stream get revisions without gaps;
   * positions grow across streams in the order of commits; `recordedAt` never goes back.
   */
  abstract append(append: Append): Promise<Appended>;

  /** Up to `limit` events of the stream from `fromRevision` upwards, in order; none for an unknown stream. */
  abstract read(stream: string, fromRevision: number, limit: number): Promise<RecordedEvent[]>;

  /** The last `limit` events of the stream at or below `maxRevision` (default: its head), newest first. */
  abstract readBack(stream: string, limit: number, maxRevision?: number): Promise<RecordedEvent[]>;

  /**
   * The revision of each stream's last event, -1 where there is none, in the order asked, from the leader, by
   * a read begun after this call: every append acknowledged before the call is seen.
   */
  abstract heads(streams: readonly string[]): Promise<number[]>;
}
