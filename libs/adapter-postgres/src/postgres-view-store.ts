// View tables in PostgreSQL, each batch in one transaction with its checkpoint.
import {
  EngineError,
  ViewStore,
  type JsonObject,
  type Position,
  type ViewCommit,
  type ViewPage,
  type ViewRow,
} from '@sallyport/engine';
import type { PostgresDatabase } from './database.js';
import { reading } from './errors.js';
import type { Queries } from './session.js';
import type { ViewTables } from './view-tables.js';

interface Stored {
  readonly key: string;
  readonly owner: string;
  readonly body: string;
}

const columns = 'key, owner, body';

export class PostgresViewStore extends ViewStore {
  constructor(
    private readonly database: PostgresDatabase,
    private readonly tables: ViewTables,
  ) {
    super();
  }

  async checkpoint(projection: string, generation: number): Promise<Position | null> {
    const [row] = await this.database.read<{ position: string }>(
      'SELECT position FROM sallyport.view_checkpoints WHERE projection = $1 AND generation = $2',
      [projection, generation],
    );
    return row?.position ?? null;
  }

  async load(view: string, generation: number, keys: readonly string[]): Promise<Map<string, ViewRow>> {
    const table = keys.length === 0 ? null : await this.tables.find(view, generation);
    if (table === null) return new Map();
    const query = `SELECT ${columns} FROM ${table} WHERE key = ANY($1::text[])`;
    const rows = await this.rows(query, [keys]);
    return new Map(rows.map((row) => [row.key, row]));
  }

  async list(view: string, generation: number, owner: string): Promise<ViewRow[]> {
    const table = await this.tables.find(view, generation);
    if (table === null) return [];
    return this.rows(`SELECT ${columns} FROM ${table} WHERE owner = $1 ORDER BY key`, [owner]);
  }

  async page(view: string, generation: number, { owner, before, limit }: ViewPage): Promise<ViewRow[]> {
    const table = await this.tables.find(view, generation);
    if (table === null) return [];
    const values: unknown[] = [limit];
    const conditions = Object.entries({ 'owner =': owner, 'key <': before }).flatMap(([compared, value]) =>
      value === undefined ? [] : [`${compared} $${values.push(value)}`],
    );
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.rows(`SELECT ${columns} FROM ${table} ${where} ORDER BY key DESC LIMIT $1`, values);
  }

  async commit(commit: ViewCommit): Promise<void> {
    await this.tables.prepare(commit.generation, commit.changes);
    await this.database.transaction(async (queries) => {
      if (!(await moveCheckpoint(queries, commit))) throw new EngineError('checkpoint_moved');
      await this.tables.write(queries, commit.generation, commit.changes);
    });
  }

  reset(projection: string, generation: number, views: readonly string[]): Promise<void> {
    return this.database.transaction(async (queries) => {
      await queries.run(
        'DELETE FROM sallyport.view_checkpoints WHERE projection = $1 AND generation = $2',
        [projection, generation],
      );
      await this.tables.clear(queries, generation, views);
    });
  }

  private async rows(text: string, values: readonly unknown[]): Promise<ViewRow[]> {
    const rows = await this.database.read<Stored>(text, values);
    return reading(() => rows.map(toViewRow));
  }
}

/** False when the stored checkpoint is not the one folded from. The row stays locked until the commit. */
async function moveCheckpoint(queries: Queries, commit: ViewCommit): Promise<boolean> {
  const { projection, generation, from, to } = commit;
  const values = [projection, generation, to];
  const { count } =
    from === null
      ? await queries.run(
          'INSERT INTO sallyport.view_checkpoints VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
          values,
        )
      : await queries.run(
          `UPDATE sallyport.view_checkpoints SET position = $3
             WHERE projection = $1 AND generation = $2 AND position = $4`,
          [...values, from],
        );
  return count === 1;
}

function toViewRow({ key, owner, body }: Stored): ViewRow {
  return { key, owner, body: JSON.parse(body) as JsonObject };
}
