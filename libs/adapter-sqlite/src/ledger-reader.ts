// The queries on a ledger file, synchronous, on a connection of either kind.
import type { RecordedEvent } from '@sallyport/engine';
import type { Statement } from 'better-sqlite3';
import { EVENT_COLUMNS, toRecordedEvent, type EventRow, type Head } from './ledger-file.js';
import type { Connection } from './sqlite-file.js';

const OF_STREAM = `SELECT ${EVENT_COLUMNS} FROM events
  WHERE stream_id = (SELECT stream_id FROM heads WHERE stream = ?)`;

// `LIMIT ? + 0`, because for a bare `LIMIT ?` SQLite plans the query anew whenever the value is bound: 10 us
// a read.
export class LedgerReader {
  private readonly forward: Statement;
  private readonly backward: Statement;
  private readonly byPosition: Statement;
  private readonly last: Statement;
  private readonly head: Statement;
  private readonly hashed: Statement;

  constructor(db: Connection) {
    this.forward = db.prepare(`${OF_STREAM} AND revision >= ? ORDER BY revision LIMIT ? + 0`).raw();
    this.backward = db.prepare(`${OF_STREAM} AND revision <= ? ORDER BY revision DESC LIMIT ? + 0`).raw();
    this.byPosition = db
      .prepare(`SELECT ${EVENT_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ? + 0`)
      .raw();
    this.last = db.prepare('SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1').raw();
    this.head = db
      .prepare(
        `SELECT h.stream_id, (SELECT max(revision) FROM events e WHERE e.stream_id = h.stream_id)
         FROM heads h WHERE h.stream = ?`,
      )
      .raw();
    this.hashed = db
      .prepare(`SELECT ${EVENT_COLUMNS} FROM events WHERE stream_id = ? AND revision = ?`)
      .raw();
  }

  read(stream: string, fromRevision: number, limit: number): RecordedEvent[] {
    return (this.forward.all(stream, fromRevision, limit) as EventRow[]).map(toRecordedEvent);
  }

  readBack(stream: string, limit: number, maxRevision?: number): RecordedEvent[] {
    return this.rowsBack(stream, limit, maxRevision).map(toRecordedEvent);
  }

  rowsBack(stream: string, limit: number, maxRevision = Number.MAX_SAFE_INTEGER): EventRow[] {
    return this.backward.all(stream, maxRevision, limit) as EventRow[];
  }

  readAfter(position: number, limit: number): RecordedEvent[] {
    return (this.byPosition.all(position, limit) as EventRow[]).map(toRecordedEvent);
  }

  /** Position and time of the last event in the store; position 0 for an empty store. */
  lastEvent(): { position: number; recordedAt: string } {
    const row = this.last.get() as [number, string] | undefined;
    return row === undefined ? { position: 0, recordedAt: '' } : { position: row[0], recordedAt: row[1] };
  }

  headOf(stream: string): Head | undefined {
    const row = this.head.get(stream) as [number, number] | undefined;
    return row === undefined ? undefined : { streamId: row[0], revision: row[1] };
  }

  hashAt(streamId: number, revision: number): string {
    const row = this.hashed.get(streamId, revision) as EventRow | undefined;
    if (row === undefined) throw new Error(`no event ${revision} in stream ${streamId}`);
    return toRecordedEvent(row).hash;
  }
}
