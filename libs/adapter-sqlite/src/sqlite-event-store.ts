// The event store on one SQLite file: appends wait for the end of the tick and are committed together.
import {
  EngineError,
  EventStore,
  type Append,
  type Appended,
  type Clock,
  type RecordedEvent,
} from '@sallyport/engine';
import { AppendGroup, prepareAppend, type PreparedAppend } from './append-group.js';
import { asUnavailable, settle } from './errors.js';
import { LEDGER_FILE, toRecordedEvent } from './ledger-file.js';
import { LedgerReader } from './ledger-reader.js';
import { openForWriting, type Connection } from './sqlite-file.js';
import { StreamHeads } from './stream-heads.js';

export interface SqliteEventStoreOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Appends that may wait; one more rejects with `queue_full`. Default 10,000. */
  readonly maxWaiting?: number;
  /** Streams whose head is remembered, about 250 bytes each. Default 131,072. */
  readonly cachedHeads?: number;
  /**
   * SQLite's page cache. Default 4 MiB: a commit that has split an index page scans the whole of it, which at
   * 64 MiB costs more (100 us) than reading the odd page again from the system's cache.
   */
  readonly cacheKiB?: number;
  /** Only to show that the durability check notices it. Default `FULL`. */
  readonly synchronous?: 'FULL' | 'NORMAL' | 'OFF';
  /** Only to measure a slower disk: blocks the thread before each commit, as fsync does. Default 0. */
  readonly commitDelayMs?: number;
}

interface Waiting {
  readonly append: PreparedAppend;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds how long one transaction keeps the thread; what is left goes with the next tick. */
const MAX_GROUP = 1_024;
/** While more appends arrive, the group is held open this long at most. */
const MAX_HOLD_MS = 2;

export class SqliteEventStore extends EventStore {
  /** Told the last position after each commit that wrote something, and `null` when the store closes. */
  readonly listeners = new Set<(position: number | null) => void>();
  readonly reader: LedgerReader;
  private readonly group: AppendGroup;
  private readonly streamHeads: StreamHeads;
  private readonly maxWaiting: number;
  private waiting: Waiting[] = [];
  private scheduled = false;

  private constructor(
    private readonly db: Connection,
    options: SqliteEventStoreOptions,
  ) {
    super();
    const { clock, commitDelayMs = 0 } = options;
    this.maxWaiting = options.maxWaiting ?? 10_000;
    this.reader = new LedgerReader(db);
    this.streamHeads = new StreamHeads(db, this.reader, options.cachedHeads ?? 131_072);
    const beforeCommit = commitDelayMs === 0 ? () => undefined : () => blockFor(commitDelayMs);
    this.group = new AppendGroup(db, this.reader, { clock, heads: this.streamHeads, beforeCommit });
  }

  /** Opens or creates the file. The caller holds the lock on its directory. Throws `SqliteFileError`. */
  static open(options: SqliteEventStoreOptions): SqliteEventStore {
    const { file, synchronous = 'FULL', cacheKiB = 4_096 } = options;
    const db = openForWriting(file, LEDGER_FILE, { synchronous, cacheKiB, checkpointPages: 4_000 });
    return new SqliteEventStore(db, options);
  }

  /**
   * Also rejects with `queue_full` when too many appends wait, with RangeError or TypeError for what cannot
   * be stored.
   */
  append(append: Append): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (!this.db.open) return reject(new EngineError('store_unavailable', { stream: append.stream }));
      if (this.waiting.length >= this.maxWaiting) {
        return reject(new EngineError('queue_full', { stream: append.stream }));
      }
      this.waiting.push({ append: prepareAppend(append), resolve, reject });
      this.schedule();
    });
  }

  read(stream: string, fromRevision: number, limit: number): Promise<RecordedEvent[]> {
    return settle(() => this.reader.read(stream, fromRevision, limit));
  }

  readBack(stream: string, limit: number, maxRevision?: number): Promise<RecordedEvent[]> {
    return settle(() => {
      const rows = this.reader.rowsBack(stream, limit, maxRevision);
      const events = rows.map(toRecordedEvent);
      // Who loads a stream appends to it, or guards it, next.
      const [row, head] = [rows[0], events[0]];
      if (maxRevision === undefined && row !== undefined && head !== undefined) {
        this.streamHeads.set(stream, { streamId: row[1], revision: head.revision, hash: head.hash });
      }
      return events;
    });
  }

  heads(streams: readonly string[]): Promise<number[]> {
    return settle(() => {
      this.streamHeads.refresh();
      return streams.map((stream) => this.streamHeads.revisionOf(stream));
    });
  }

  /** `PRAGMA synchronous` as this writer's connection has it: 2 is FULL, without which G1 does not hold. */
  get synchronous(): number {
    return this.db.pragma('synchronous', { simple: true }) as number;
  }

  /** Appends that wait for their commit now. */
  get queueLength(): number {
    return this.waiting.length;
  }

  /**
   * Commits what was accepted, then closes; later calls reject with `store_unavailable`. Closing twice is
   * fine.
   */
  close(): Promise<void> {
    return settle(() => {
      while (this.waiting.length > 0) this.flush();
      if (!this.db.open) return;
      this.db.close();
      for (const listener of this.listeners) listener(null);
    });
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.flushWhenSettled(this.waiting.length, performance.now() + MAX_HOLD_MS);
  }

  /** One commit for all appends that come within the same turns of the event loop: the disk is asked once. */
  private flushWhenSettled(seen: number, deadline: number): void {
    setImmediate(() => {
      const waiting = this.waiting.length;
      if (waiting > seen && performance.now() < deadline) return this.flushWhenSettled(waiting, deadline);
      this.scheduled = false;
      this.flush();
      if (this.waiting.length > 0) this.schedule();
    });
  }

  private flush(): void {
    if (this.waiting.length === 0) return;
    const group = this.waiting.length <= MAX_GROUP ? this.waiting : this.waiting.slice(0, MAX_GROUP);
    this.waiting = this.waiting.slice(group.length);
    try {
      const outcomes = this.group.write(group.map((waiting) => waiting.append));
      this.answer(group, outcomes);
    } catch (error) {
      const failure = asUnavailable(error);
      for (const { append, reject } of group) {
        reject(new EngineError(failure.code, { stream: append.stream }, { cause: failure.cause }));
      }
    }
  }

  private answer(group: readonly Waiting[], outcomes: readonly (Appended | EngineError)[]): void {
    let position = 0;
    group.forEach(({ resolve, reject }, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome instanceof EngineError) return reject(outcome);
      position = Number(outcome.position);
      resolve(outcome);
    });
    if (position > 0) for (const listener of this.listeners) listener(position);
  }
}

function blockFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
