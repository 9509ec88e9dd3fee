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
import type { Statement, ViewTables } from './view-tables.js';

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
    const { generation, changes } = commit;
    await this.tables.prepare(generation, changes);
    const { text, values } = this.tables.moving(checkpointMove(commit), generation, changes);
    const { count } = await this.database.write(text, values);
    if (count !== 1) throw new EngineError('checkpoint_moved');
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

/** Moves no row where the stored checkpoint is not the one folded from. */
function checkpointMove({ projection, generation, from, to }: ViewCommit): Statement {
  const values = [projection, generation, to];
  if (from === null) {
    const text = 'INSERT INTO sallyport.view_checkpoints VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
    return { text, values };
  }
  const text = `UPDATE sallyport.view_checkpoints SET position = $3
    WHERE projection = $1 AND generation = $2 AND position = $4`;
  return { text, values: [...values, from] };
}

function toViewRow({ key, owner, body }: Stored): ViewRow {
  return { key, owner, body: JSON.parse(body) as JsonObject };
}
