// View tables on one SQLite file of their own, each batch in one transaction with its checkpoint.
import {
  EngineError,
  ViewStore,
  type JsonObject,
  type Position,
  type ViewCommit,
  type ViewPage,
  type ViewRow,
} from '@sallyport/engine';
import { settle } from './errors.js';
import { SqliteConsumerCheckpoints } from './sqlite-consumer-checkpoints.js';
import { createPrivately, openForReading, openForWriting } from './sqlite-file.js';
import type { Connection, FileKind } from './sqlite-file.js';
import { ViewTables } from './view-tables.js';

/** 16 MiB of log before rows are copied into the file, each page once however often it was written. */
const checkpointPages = 4_000;

const VIEWS_FILE: FileKind = {
  name: 'views',
  applicationId: 0x53505631,
  migrations: [
    `CREATE TABLE checkpoints (
       projection TEXT NOT NULL,
       generation INTEGER NOT NULL,
       position TEXT NOT NULL,
       PRIMARY KEY (projection, generation)
     ) STRICT, WITHOUT ROWID;`,
    `CREATE TABLE consumer_checkpoints (
       consumer TEXT NOT NULL,
       generation INTEGER NOT NULL,
       partition INTEGER NOT NULL,
       epoch INTEGER NOT NULL,
       next_offset TEXT NOT NULL,
       last_position TEXT,
       PRIMARY KEY (consumer, generation, partition)
     ) STRICT, WITHOUT ROWID;`,
  ],
};

/** Row keys per query, far below SQLite's limit on parameters. */
const KEYS_PER_QUERY = 500;

interface Stored {
  readonly key: string;
  readonly owner: string;
  readonly body: string;
}

export class SqliteViewStore extends ViewStore {
  private readonly tables: ViewTables;
  /** Of consumers of a bus, in this file: they write rows of the same views. */
  readonly consumers: SqliteConsumerCheckpoints;

  private constructor(private readonly db: Connection) {
    super();
    this.tables = new ViewTables(db);
    this.consumers = new SqliteConsumerCheckpoints(db, this.tables);
  }

  /**
   * For the one writer. Rows may be lost at a power failure, but only together with the checkpoint they
   * belong to; with `OFF` the file itself, which is for rows that are made again rather than kept.
   */
  static open(file: string, synchronous: 'NORMAL' | 'OFF' = 'NORMAL'): SqliteViewStore {
    return new SqliteViewStore(openForWriting(file, VIEWS_FILE, { synchronous, checkpointPages }));
  }

  /** For the threads and processes that only query; `commit` and `reset` reject with `store_unavailable`. */
  static openReadOnly(file: string): SqliteViewStore {
    return new SqliteViewStore(openForReading(file, VIEWS_FILE));
  }

  /**
   * Copies the file as it is at one instant to a new one, beside its writer, in one reading transaction that
   * ends with the copy. Throws when there is no such file.
   */
  static copy(file: string, to: string): void {
    const db = openForReading(file, VIEWS_FILE);
    try {
      createPrivately(to);
      db.prepare('VACUUM INTO ?').run(to);
    } finally {
      db.close();
    }
  }

  checkpoint(projection: string, generation: number): Promise<Position | null> {
    return settle(() => this.storedCheckpoint(projection, generation));
  }

  load(view: string, generation: number, keys: readonly string[]): Promise<Map<string, ViewRow>> {
    return settle(() => {
      const rows = new Map<string, ViewRow>();
      const table = this.tables.find(view, generation);
      for (let at = 0; table !== null && at < keys.length; at += KEYS_PER_QUERY) {
        const some = JSON.stringify(keys.slice(at, at + KEYS_PER_QUERY));
        const query = `SELECT * FROM ${table} WHERE key IN (SELECT value FROM json_each(?))`;
        for (const row of this.tables.prepare(query).all(some) as Stored[]) rows.set(row.key, toViewRow(row));
      }
      return rows;
    });
  }

  list(view: string, generation: number, owner: string): Promise<ViewRow[]> {
    return settle(() => {
      const table = this.tables.find(view, generation);
      if (table === null) return [];
      const query = this.tables.prepare(`SELECT * FROM ${table} WHERE owner = ? ORDER BY key`);
      return (query.all(owner) as Stored[]).map(toViewRow);
    });
  }

  page(view: string, generation: number, { owner, before, limit }: ViewPage): Promise<ViewRow[]> {
    return settle(() => {
      const table = this.tables.find(view, generation);
      if (table === null) return [];
      const theirs = owner === undefined ? 'TRUE' : 'owner = ?';
      const below = before === undefined ? 'TRUE' : 'key < ?';
      const sql = `SELECT * FROM ${table} WHERE ${theirs} AND ${below} ORDER BY key DESC LIMIT ? + 0`;
      const values = [owner, before, limit].filter((value) => value !== undefined);
      return (this.tables.prepare(sql).all(...values) as Stored[]).map(toViewRow);
    });
  }

  commit(commit: ViewCommit): Promise<void> {
    return settle(() => this.db.transaction(() => this.write(commit)).immediate());
  }

  reset(projection: string, generation: number, views: readonly string[]): Promise<void> {
    return settle(() => {
      const erase = this.db.transaction(() => {
        this.tables.prepare('DELETE FROM checkpoints WHERE projection = ? AND generation = ?').run(
          projection,
          generation,
        );
        this.tables.clear(generation, views);
      });
      erase.immediate();
    });
  }

  close(): void {
    this.db.close();
  }

  private write({ projection, generation, from, to, changes }: ViewCommit): void {
    if (this.storedCheckpoint(projection, generation) !== from) throw new EngineError('checkpoint_moved');
    this.tables.write(generation, changes);
    const mark = 'INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)';
    this.tables.prepare(mark).run(projection, generation, to);
  }

  private storedCheckpoint(projection: string, generation: number): Position | null {
    const query = 'SELECT position FROM checkpoints WHERE projection = ? AND generation = ?';
    const row = this.tables.prepare(query).get(projection, generation) as { position: string } | undefined;
    return row?.position ?? null;
  }
}

function toViewRow({ key, owner, body }: Stored): ViewRow {
  return { key, owner, body: JSON.parse(body) as JsonObject };
}
