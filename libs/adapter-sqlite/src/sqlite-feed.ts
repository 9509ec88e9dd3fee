// The feed of a ledger file: beside its store in one process, or read-only from another thread or process.
import { setTimeout as sleep } from 'node:timers/promises';
import { Feed, type Position, type RecordedEvent } from '@sallyport/engine';
import { settle } from './errors.js';
import { LEDGER_FILE } from './ledger-file.js';
import { LedgerReader } from './ledger-reader.js';
import type { SqliteEventStore } from './sqlite-event-store.js';
import { openForReading } from './sqlite-file.js';

/**
 * Resolves true when there may be something after the position, false at the time-out, the abort or the end.
 */
type Tail = (after: number, timeoutMs: number, signal: AbortSignal | undefined) => Promise<boolean>;

export class SqliteFeed extends Feed {
  private constructor(
    private readonly reader: LedgerReader,
    private readonly tail: Tail,
    private readonly shut: () => void,
  ) {
    super();
  }

  /** The feed of a store in this process: wakes with its commits. Closed with the store. */
  static of(store: SqliteEventStore): SqliteFeed {
    return new SqliteFeed(
      store.reader,
      (after, timeoutMs, signal) => commitAfter(store, after, { timeoutMs, signal }),
      () => undefined,
    );
  }

  /**
   * The feed of a file that another thread or process writes: looks for new events every `pollMs` while
   * waiting.
   */
  static openReadOnly(file: string, pollMs = 5): SqliteFeed {
    const db = openForReading(file, LEDGER_FILE);
    const reader = new LedgerReader(db);
    const tail: Tail = async (after, timeoutMs, signal) => {
      const deadline = performance.now() + timeoutMs;
      while (db.open && !signal?.aborted && performance.now() < deadline) {
        await sleep(Math.min(pollMs, Math.max(0, deadline - performance.now())), undefined, { signal }).catch(
          () => undefined,
        );
        if (db.open && reader.lastEvent().position > after) return true;
      }
      return false;
    };
    return new SqliteFeed(reader, tail, () => db.close());
  }

  read(after: Position | null, limit: number): Promise<RecordedEvent[]> {
    return settle(() => this.reader.readAfter(Number(after ?? 0), limit));
  }

  head(): Promise<Position | null> {
    return settle(() => {
      const { position } = this.reader.lastEvent();
      return position === 0 ? null : String(position);
    });
  }

  async wait(after: Position | null, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const seen = Number(after ?? 0);
    const { position } = await settle(() => this.reader.lastEvent());
    return position > seen || this.tail(seen, timeoutMs, signal);
  }

  /** Closes a read-only feed's own connection; waits in progress resolve false. */
  close(): void {
    this.shut();
  }
}

function commitAfter(
  store: SqliteEventStore,
  after: number,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const finish = (found: boolean) => {
      clearTimeout(timer);
      store.listeners.delete(listener);
      signal?.removeEventListener('abort', giveUp);
      resolve(found);
    };
    const giveUp = () => finish(false);
    const listener = (position: number | null) => {
      if (position === null || position > after) finish(position !== null);
    };
    const timer = setTimeout(giveUp, timeoutMs);
    store.listeners.add(listener);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}
