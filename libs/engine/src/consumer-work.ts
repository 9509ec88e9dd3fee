// What a consumer of the bus does with events, and whom it tells.
import type { ReceivedRecord } from './bus.js';
import type { DeadLetterReason, ParkedKey } from './parking.js';
import type { Position, RecordedEvent } from './event.js';
import { foldRows, touchedKeys } from './projection.js';
import type { LoadedRows, Projection } from './projection.js';
import type { ViewCommit, ViewStore } from './view-store.js';

type Changes = ViewCommit['changes'];

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
  fold(partition: number, events: readonly RecordedEvent[]): Promise<Changes>;
  /**
   * About once a second for a partition that has nothing new, never while it folds. When it rejects, the
   * partition is assigned again.
   */
  idle?(partition: number): Promise<void>;
  /** Rows to write where no event asks for any, about once a second; `at`: the last event handled. */
  due?(partition: number, at: Position | null): Promise<Changes>;
  /** Rows that are written together with setting a key aside, or with having taken up all of it again. */
  aside?(parked: ParkedKey): Promise<Changes>;
  takenUp?(parked: ParkedKey, at: Position | null): Promise<Changes>;
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
