// What a consumer of the bus does with events, whom it tells, and the rows by which it sets accounts aside.
import type { ReceivedRecord } from './bus.js';
import type { Position, RecordedEvent } from './event.js';
import { foldRows, touchedKeys } from './projection.js';
import type { LoadedRows, Projection } from './projection.js';
import type { ViewCommit, ViewStore } from './view-store.js';

/** What one consumer makes of events. Its rows, and nothing else, are what it does. */
export interface ConsumerWork {
  /** With `generation` the name of its checkpoints and rows. */
  readonly name: string;
  readonly generation: number;
  /** A partition is this process's now: what is remembered of it is out of date, also where it was before. */
  assigned?(partition: number): Promise<void>;
  /**
   * The rows after the events, which follow one another. Writes nothing. An `EngineError` is waited for;
   * any other rejection means that an event itself cannot be handled: it is found, tried again, and its
   * account set aside.
   */
  fold(partition: number, events: readonly RecordedEvent[]): Promise<ViewCommit['changes']>;
  /**
   * About once a second for a partition that has nothing new, never while it folds. When it rejects, the
   * partition is assigned again.
   */
  idle?(partition: number): Promise<void>;
  /** The rows are written. Not called for what was discarded. */
  committed?(partition: number): void;
}

/** A projection as a consumer's work; its rows are in the store of the checkpoints. */
export function projectionWork(projection: Projection, views: Pick<ViewStore, 'load'>): ConsumerWork {
  const { name, generation } = projection;
  return {
    name,
    generation,
    fold: async (_partition, events) => {
      const rows: LoadedRows = new Map();
      for (const [view, keys] of touchedKeys(projection, events)) {
        const found = await views.load(view, generation, [...keys]);
        rows.set(view, new Map([...keys].map((key) => [key, found.get(key)])));
      }
      return foldRows(projection, events, rows);
    },
  };
}

/** - `unreadable`: the record is no event. - `not_handled`: the work failed on it, however often.
 * - `beyond_head`: it stands where the store has not come to, so it is none of the store's. */
export type DeadLetterReason = 'unreadable' | 'not_handled' | 'beyond_head';

export interface ConsumerObserver {
  /** After each batch: events folded, records of the partition still to come, age of the last event. */
  handled?(batch: {
    readonly partition: number;
    readonly events: number;
    readonly lagEvents: number;
    readonly lagMs: number;
  }): void;
  /** Accounts of the partition that are set aside now. */
  parked?(partition: number, keys: readonly string[]): void;
  deadLettered?(record: ReceivedRecord, reason: DeadLetterReason, error: unknown): void;
  /** More accounts are set aside than allowed: nothing is handled until there are fewer; or it goes on. */
  stopped?(isStopped: boolean): void;
}

/** The views in which a consumer keeps who is set aside, and what of them. */
export const parkingViews = { keys: 'parked', records: 'parked-records' } as const;

/** An account whose records are set aside from one on. */
export interface ParkedKey {
  readonly key: string;
  readonly partition: number;
  /** Position of the event that could not be handled, where it could be read. */
  readonly position: Position | null;
  readonly offset: string;
  readonly since: string;
  readonly reason: DeadLetterReason;
}

/** The row of a key that is set aside; found by its partition. */
export function keyRow(parked: ParkedKey): ViewCommit['changes'][number] {
  const row = { key: parked.key, owner: partitionOwner(parked.partition), body: { ...parked } };
  return { view: parkingViews.keys, key: parked.key, row };
}

/** The row of a record that is set aside; found by its key, in order of offset. */
export function recordRow(record: ReceivedRecord): ViewCommit['changes'][number] {
  const { key: owner, partition, offset, topic, headers, value } = record;
  const key = `${partition}/${offset.padStart(20, '0')}`;
  const body = { topic, partition, offset, key: owner, headers, value };
  return { view: parkingViews.records, key, row: { key, owner, body } };
}

/** By what rows of keys of the partition are listed. */
export function partitionOwner(partition: number): string {
  return `partition-${partition}`;
}
