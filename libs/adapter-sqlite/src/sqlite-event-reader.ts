// Reads streams of a ledger file beside the process that writes it: for drills, checks and auditors.
import type { EventStore, RecordedEvent } from '@sallyport/engine';
import { settle } from './errors.js';
import { LEDGER_FILE } from './ledger-file.js';
import { LedgerReader } from './ledger-reader.js';
import { openForReading, type Connection } from './sqlite-file.js';

/** The reading half of `EventStore`. Sees what was committed when a call begins. */
export class SqliteEventReader implements Pick<EventStore, 'read' | 'readBack' | 'heads'> {
  private readonly reader: LedgerReader;

  private constructor(private readonly db: Connection) {
    this.reader = new LedgerReader(db);
  }

  /** Throws when there is no such file, and `SqliteFileError` when it is of another kind or newer. */
  static openReadOnly(file: string): SqliteEventReader {
    return new SqliteEventReader(openForReading(file, LEDGER_FILE));
  }

  read(stream: string, fromRevision: number, limit: number): Promise<RecordedEvent[]> {
    return settle(() => this.reader.read(stream, fromRevision, limit));
  }

  readBack(stream: string, limit: number, maxRevision?: number): Promise<RecordedEvent[]> {
    return settle(() => this.reader.readBack(stream, limit, maxRevision));
  }

  heads(streams: readonly string[]): Promise<number[]> {
    return settle(() => streams.map((stream) => this.reader.headOf(stream)?.revision ?? -1));
  }

  close(): void {
    this.db.close();
  }
}
