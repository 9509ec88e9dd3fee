// Writes the appends of one tick in one transaction, each all or nothing on its own.
import { EngineError, type Append, type Appended, type Clock } from '@sallyport/engine';
import type { Statement } from 'better-sqlite3';
import { asUnavailable } from './errors.js';
import { closeBody, hashOf, openBody, type Head } from './ledger-file.js';
import type { LedgerReader } from './ledger-reader.js';
import type { Connection } from './sqlite-file.js';
import type { StreamHeads } from './stream-heads.js';

/** An append whose events are text already: what cannot be written as JSON fails before it joins a group. */
export interface PreparedAppend extends Omit<Append, 'events'> {
  readonly events: readonly { readonly type: string; readonly open: string }[];
}

/** Throws a RangeError for an append without events or a name with a line feed (see `hashOf`). */
export function prepareAppend({ stream, expected, events, guards }: Append): PreparedAppend {
  if (events.length === 0) throw new RangeError('an append needs at least one event');
  if (stream === '' || stream.includes('\n') || events.some((event) => event.type.includes('\n'))) {
    throw new RangeError('a stream needs a name, and neither it nor a type may hold a line feed');
  }
  return {
    stream,
    expected,
    guards,
    events: events.map((event) => ({ type: event.type, open: openBody(event) })),
  };
}

export class AppendGroup {
  private readonly insertEvent: Statement;
  private readonly insertStream: Statement;
  private readonly control: Record<'begin' | 'commit' | 'save' | 'release' | 'undo', Statement>;
  private epoch = 0;
  private last = { position: 0, recordedAt: '' };
  private readonly staged = new Map<string, Head>();

  constructor(
    private readonly db: Connection,
    private readonly reader: LedgerReader,
    private readonly options: { clock: Clock; heads: StreamHeads; beforeCommit: () => void },
  ) {
    this.insertEvent = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.insertStream = db.prepare('INSERT INTO heads VALUES (?, ?)');
    this.control = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      save: db.prepare('SAVEPOINT append'),
      release: db.prepare('RELEASE append'),
      undo: db.prepare('ROLLBACK TO append'),
    };
  }

  /**
   * One outcome per append, in order, durable when this returns. Throws `store_unavailable` when nothing of
   * the group was written, and `outcome_unknown` when the commit itself failed.
   */
  write(appends: readonly PreparedAppend[]): (Appended | EngineError)[] {
    this.staged.clear();
    try {
      this.control.begin.run();
      this.catchUp();
      const outcomes = this.attemptAll(appends);
      this.commit();
      for (const [stream, head] of this.staged) this.options.heads.set(stream, head);
      return outcomes;
    } catch (error) {
      this.forget();
      throw asUnavailable(error);
    }
  }

  private attemptAll(appends: readonly PreparedAppend[]): (Appended | EngineError)[] {
    const now = new Date(this.options.clock.now()).toISOString();
    // Times have one width, so they compare as text; never back, also after a restart under a slow clock.
    const recordedAt = now > this.last.recordedAt ? now : this.last.recordedAt;
    return appends.map((append) => this.attempt(append, recordedAt));
  }

  private attempt(append: PreparedAppend, recordedAt: string): Appended | EngineError {
    const head = this.head(append.stream);
    const refusal = this.refusal(append, head?.revision ?? -1);
    if (refusal !== undefined) return refusal;
    // One row is atomic by itself; only what writes several rows pays for a savepoint.
    const several = head === undefined || append.events.length > 1;
    try {
      if (several) this.control.save.run();
      const appended = this.insert(append, head, recordedAt);
      if (several) this.control.release.run();
      return appended;
    } catch (error) {
      // Some errors (disk full) end the whole transaction; then the whole group has failed.
      if (!this.db.inTransaction) throw error;
      if (several) {
        this.control.undo.run();
        this.control.release.run();
      }
      return asUnavailable(error);
    }
  }

  private refusal({ stream, expected, guards }: PreparedAppend, actual: number): EngineError | undefined {
    if (expected !== 'any' && expected !== actual) {
      return new EngineError('revision_conflict', { stream, expected, actual });
    }
    for (const guard of guards) {
      const stands = this.head(guard.stream)?.revision ?? -1;
      if (stands !== guard.revision) {
        return new EngineError('guard_moved', {
          stream: guard.stream,
          expected: guard.revision,
          actual: stands,
          appended: false,
        });
      }
    }
    return undefined;
  }

  private insert(append: PreparedAppend, head: Head | undefined, recordedAt: string): Appended {
    const { stream, expected, events } = append;
    let { position } = this.last;
    const streamId = head?.streamId ?? position + 1;
    if (head === undefined) this.insertStream.run(stream, streamId);
    let revision = head?.revision ?? -1;
    let hash = head === undefined || expected === 'any' ? undefined : this.hash(head);
    for (const { type, open } of events) {
      const body = closeBody(open, expected === 'any' ? undefined : hash);
      this.insertEvent.run(++position, streamId, ++revision, stream, recordedAt, type, body);
      hash = hashOf(stream, revision, { at: recordedAt, type, body });
    }
    this.staged.set(stream, { streamId, revision, hash });
    this.last = { position, recordedAt };
    return { revision, position: String(position), recordedAt };
  }

  private head(stream: string): Head | undefined {
    return this.staged.get(stream) ?? this.options.heads.of(stream);
  }

  private hash(head: Head): string {
    return head.hash ?? this.reader.hashAt(head.streamId, head.revision);
  }

  private catchUp(): void {
    const epoch = this.options.heads.refresh();
    if (epoch === this.epoch) return;
    this.last = this.reader.lastEvent();
    this.epoch = epoch;
  }

  private commit(): void {
    this.options.beforeCommit();
    try {
      this.control.commit.run();
    } catch (error) {
      throw new EngineError('outcome_unknown', {}, { cause: error });
    }
  }

  private forget(): void {
    this.options.heads.forget();
    if (!this.db.open || !this.db.inTransaction) return;
    try {
      this.db.exec('ROLLBACK');
    } catch {
      // The error that led here is the one to report; a connection that cannot roll back fails again at
      // BEGIN.
    }
  }
}
