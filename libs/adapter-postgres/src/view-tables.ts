// The tables of views: one per view and generation, made when their first row is written.
import type { ViewCommit, ViewRow } from '@sallyport/engine';
import type { PostgresDatabase } from './database.js';
import type { Queries } from './session.js';

type Change = ViewCommit['changes'][number];

/** `$1` and so on stand for the values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const hasMoved = 'EXISTS (SELECT FROM moved)';
/** Names the advisory lock of those who make tables: two at once would collide in the catalogue. */
const lockKey = 0x5669657773;

export class ViewTables {
  private readonly known = new Set<string>();

  constructor(private readonly database: PostgresDatabase) {}

  /** The table of a view's generation, quoted; null where nothing was written to it yet. */
  async find(view: string, generation: number): Promise<string | null> {
    const table = tableName(view, generation);
    // Tables are never dropped.
    if (this.known.has(table)) return table;
    const query = 'SELECT to_regclass($1) IS NOT NULL AS exists';
    const [row] = await this.database.read<{ exists: boolean }>(query, [table]);
    if (row?.exists !== true) return null;
    this.known.add(table);
    return table;
  }

  /** Makes the tables that the changes need; to be called before the transaction that writes them. */
  async prepare(generation: number, changes: readonly Change[]): Promise<void> {
    for (const view of new Set(changes.map((change) => change.view))) {
      if ((await this.find(view, generation)) === null) await this.create(view, generation);
    }
  }

  /**
   * One statement, and so one transaction and one way to the server and back: moves a checkpoint, and only
   * where it moved writes the rows, in order of key, so that two who write the same rows wait for each other
   * instead of deadlocking. `prepare` comes first. Its count of rows is 1 if the checkpoint moved, else 0.
   */
  moving(checkpoint: Statement, generation: number, changes: readonly Change[]): Statement {
    const values = [...checkpoint.values];
    const parts = [`moved AS (${checkpoint.text} RETURNING 1)`];
    for (const [view, rows] of [...latest(changes)].sort(byKey)) {
      const table = tableName(view, generation);
      const entries = [...rows].sort(byKey);
      const gone = entries.flatMap(([key, row]) => (row === null ? [key] : []));
      const kept = entries.flatMap(([, row]) => (row === null ? [] : [row]));
      if (gone.length > 0) {
        const keys = `$${values.push(gone)}::text[]`;
        parts.push(`"${view}-" AS (DELETE FROM ${table} WHERE key = ANY(${keys}) AND ${hasMoved})`);
      }
      if (kept.length > 0) {
        const columns = [
          kept.map(({ key }) => key),
          kept.map(({ owner }) => owner),
          kept.map(({ body }) => JSON.stringify(body)),
        ].map((column) => `$${values.push(column)}::text[]`);
        parts.push(
          `"${view}+" AS (INSERT INTO ${table} AS stored (key, owner, body)
             SELECT * FROM unnest(${columns.join(', ')}) WHERE ${hasMoved}
             ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, body = excluded.body)`,
        );
      }
    }
    return { text: `WITH ${parts.join(', ')} SELECT 1 FROM moved`, values };
  }

  /** Deletes all rows of the views' generation, in the transaction. Waits for those who read. */
  async clear(queries: Queries, generation: number, views: readonly string[]): Promise<void> {
    for (const view of [...views].sort()) {
      const table = await this.find(view, generation);
      if (table !== null) await queries.run(`TRUNCATE ${table}`);
    }
  }

  private create(view: string, generation: number): Promise<void> {
    const table = tableName(view, generation);
    return this.database.transaction(async (queries) => {
      await queries.run('SELECT pg_advisory_xact_lock($1)', [lockKey]);
      await queries.run(
        `CREATE TABLE IF NOT EXISTS ${table} (
           key text COLLATE "C" PRIMARY KEY,
           owner text COLLATE "C" NOT NULL,
           body text NOT NULL
         ) WITH (fillfactor = 80)`,
      );
      await queries.run(`CREATE INDEX IF NOT EXISTS "${view}:${generation}:owner" ON ${table} (owner, key)`);
    });
  }
}

/** Quoted. PostgreSQL cuts names after 63 characters, so a view's own may have 40. */
function tableName(view: string, generation: number): string {
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(view) || !/^\d{1,9}$/.test(String(generation))) {
    throw new RangeError(`not a view and generation: ${view} ${generation}`);
  }
  return `sallyport."${view}:${generation}"`;
}

/** The last change of each row, by view and key. */
function latest(changes: readonly Change[]): Map<string, Map<string, ViewRow | null>> {
  const views = new Map<string, Map<string, ViewRow | null>>();
  for (const { view, key, row } of changes) {
    const rows = views.get(view) ?? new Map<string, ViewRow | null>();
    views.set(view, rows.set(key, row));
  }
  return views;
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
