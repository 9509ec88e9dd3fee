// The ledger of the bench's yardstick: rows of one table, those of one turn of the event loop in one commit.
import { Database, type Connection } from '@sallyport/adapter-sqlite';
import type { Statement } from 'better-sqlite3';

interface Waiting {
  readonly row: [stream: string, revision: number, body: string];
  readonly done: () => void;
}

export class BareLedger {
  private readonly db: Connection;
  private readonly insert: Statement<[stream: string, revision: number, body: string]>;
  private waiting: Waiting[] = [];

  constructor(file: string) {
    this.db = new Database(file);
    this.db.pragma('journal_mode = WAL');
    this.db.pragma('synchronous = FULL');
    this.db.exec(
      `CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT, revision INTEGER, body TEXT);
       CREATE UNIQUE INDEX events_by_stream ON events (stream, revision)`,
    );
    this.insert = this.db.prepare('INSERT INTO events (stream, revision, body) VALUES (?, ?, ?)');
  }

  /** Resolves when the row is on disk. */
  append(...row: Waiting['row']): Promise<void> {
    return new Promise((done) => {
      if (this.waiting.length === 0) setImmediate(() => this.flush());
      this.waiting.push({ row, done });
    });
  }

  private flush(): void {
    const group = this.waiting;
    this.waiting = [];
    this.db.transaction(() => {
      for (const { row } of group) this.insert.run(...row);
    })();
    for (const { done } of group) done();
  }
}
