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
import type { Statement } from 'better-sqlite3';
import { settle } from './errors.js';
import { createPrivately, openForReading, openForWriting } from './sqlite-file.js';
import type { Connection, FileKind } from './sqlite-file.js';

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
  private readonly statements = new Map<string, Statement>();
  private readonly known = new Set<string>();

  private constructor(private readonly db: Connection) {
    super();
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
      const table = this.table(view, generation);
      for (let at = 0; table !== null && at < keys.length; at += KEYS_PER_QUERY) {
        const some = JSON.stringify(keys.slice(at, at + KEYS_PER_QUERY));
        const query = this.prepare(`SELECT * FROM ${table} WHERE key IN (SELECT value FROM json_each(?))`);
        for (const row of query.all(some) as Stored[]) rows.set(row.key, toViewRow(row));
      }
      return rows;
    });
  }

  list(view: string, generation: number, owner: string): Promise<ViewRow[]> {
    return settle(() => {
      const table = this.table(view, generation);
      if (table === null) return [];
      const query = this.prepare(`SELECT * FROM ${table} WHERE owner = ? ORDER BY key`);
      return (query.all(owner) as Stored[]).map(toViewRow);
    });
  }

  page(view: string, generation: number, { owner, before, limit }: ViewPage): Promise<ViewRow[]> {
    return settle(() => {
      const table = this.table(view, generation);
      if (table === null) return [];
      const theirs = owner === undefined ? 'TRUE' : 'owner = ?';
      const below = before === undefined ? 'TRUE' : 'key < ?';
      const sql = `SELECT * FROM ${table} WHERE ${theirs} AND ${below} ORDER BY key DESC LIMIT ? + 0`;
      const values = [owner, before, limit].filter((value) => value !== undefined);
      return (this.prepare(sql).all(...values) as Stored[]).map(toViewRow);
    });
  }

  commit(commit: ViewCommit): Promise<void> {
    return settle(() => this.db.transaction(() => this.write(commit)).immediate());
  }

  reset(projection: string, generation: number, views: readonly string[]): Promise<void> {
    return settle(() => {
      const erase = this.db.transaction(() => {
        this.prepare('DELETE FROM checkpoints WHERE projection = ? AND generation = ?').run(
          projection,
          generation,
        );
        for (const view of views) {
          const table = this.table(view, generation);
          if (table !== null) this.prepare(`DELETE FROM ${table}`).run();
        }
      });
      erase.immediate();
    });
  }

  close(): void {
    this.db.close();
  }

  private write({ projection, generation, from, to, changes }: ViewCommit): void {
    if (this.storedCheckpoint(projection, generation) !== from) throw new EngineError('checkpoint_moved');
    for (const { view, key, row } of changes) {
      const table = this.table(view, generation) ?? this.createTable(view, generation);
      if (row === null) {
        this.prepare(`DELETE FROM ${table} WHERE key = ?`).run(key);
        continue;
      }
      const body = JSON.stringify(row.body);
      // Nearly always the row is there and keeps its owner: then the index over owners is left alone.
      const update = this.prepare(`UPDATE ${table} SET body = ? WHERE key = ? AND owner = ?`);
      if (update.run(body, key, row.owner).changes > 0) continue;
      const upsert = `INSERT INTO ${table} VALUES (?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, body = excluded.body`;
      this.prepare(upsert).run(key, row.owner, body);
    }
    const mark = 'INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)';
    this.prepare(mark).run(projection, generation, to);
  }

  private storedCheckpoint(projection: string, generation: number): Position | null {
    const query = this.prepare('SELECT position FROM checkpoints WHERE projection = ? AND generation = ?');
    const row = query.get(projection, generation) as { position: string } | undefined;
    return row?.position ?? null;
  }

  /**
   * The table of a view's generation, quoted; null where nothing was written to it yet. Tables are never
   * dropped.
   */
  private table(view: string, generation: number): string | null {
    const name = tableName(view, generation);
    if (!this.known.has(name)) {
      const exists = this.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name);
      if (exists === undefined) return null;
      // A table made by this transaction may yet be rolled back.
      if (!this.db.inTransaction) this.known.add(name);
    }
    return `"${name}"`;
  }

  private createTable(view: string, generation: number): string {
    const name = tableName(view, generation);
    this.db.exec(
      `CREATE TABLE "${name}" (key TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, body TEXT NOT NULL)
         STRICT;
       CREATE INDEX "${name}:owner" ON "${name}" (owner, key);`,
    );
    return `"${name}"`;
  }

  private prepare(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

function tableName(view: string, generation: number): string {
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(view) || !Number.isSafeInteger(generation)) {
    throw new RangeError(`not a view and generation: ${view} ${generation}`);
  }
  return `${view}:${generation}`;
}

function toViewRow({ key, owner, body }: Stored): ViewRow {
  return { key, owner, body: JSON.parse(body) as JsonObject };
}
