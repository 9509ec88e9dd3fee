// The tables of a views file: one per view and generation, made when their first row is written.
import type { ViewCommit } from '@sallyport/engine';
import type { Statement } from 'better-sqlite3';
import type { Connection } from './sqlite-file.js';

/** Synchronous; `write` and `clear` run in the caller's transaction. */
export class ViewTables {
  private readonly statements = new Map<string, Statement>();
  private readonly known = new Set<string>();

  constructor(private readonly db: Connection) {}

  /**
   * The table of a view's generation, quoted; null where nothing was written to it yet. Tables are never
   * dropped.
   */
  find(view: string, generation: number): string | null {
    const name = tableName(view, generation);
    if (!this.known.has(name)) {
      const exists = this.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name);
      if (exists === undefined) return null;
      // A table made by this transaction may yet be rolled back.
      if (!this.db.inTransaction) this.known.add(name);
    }
    return `"${name}"`;
  }

  /** Writes the rows; a `null` row deletes. */
  write(generation: number, changes: ViewCommit['changes']): void {
    for (const { view, key, row } of changes) {
      const table = this.find(view, generation) ?? this.create(view, generation);
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
  }

  /** Deletes all rows of the views' generation. */
  clear(generation: number, views: readonly string[]): void {
    for (const view of views) {
      const table = this.find(view, generation);
      if (table !== null) this.prepare(`DELETE FROM ${table}`).run();
    }
  }

  /** The statement, prepared once. */
  prepare(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  private create(view: string, generation: number): string {
    const name = tableName(view, generation);
    this.db.exec(
      `CREATE TABLE "${name}" (key TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, body TEXT NOT NULL)
         STRICT;
       CREATE INDEX "${name}:owner" ON "${name}" (owner, key);`,
    );
    return `"${name}"`;
  }
}

function tableName(view: string, generation: number): string {
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(view) || !Number.isSafeInteger(generation)) {
    throw new RangeError(`not a view and generation: ${view} ${generation}`);
  }
  return `${view}:${generation}`;
}
