// Wrapped secrets in PostgreSQL, from whose tables a deleted secret is gone to the last byte.
import { hash as digest } from 'node:crypto';
import { EngineError, SecretStore } from '@sallyport/engine';
import type { PostgresDatabase } from './database.js';
import { secretBuckets } from './schema.js';
import type { Queries } from './session.js';

interface Entry {
  readonly kind: string;
  readonly name: string;
  readonly wrapped: Uint8Array;
}

/** Tries to write where others write the same entry. */
const maxTries = 8;

/**
 * A row that is deleted or replaced stays in its page until it is vacuumed, and its bytes beyond that, until
 * they are overwritten. So whatever makes bytes go rewrites the rows that stay into a new file, in one
 * transaction that nobody reads beside; the old file ends with it. The table has many partitions by a hash of
 * kind and name, so that one of them is small. The log of the database keeps what was written: ADR 18.
 */
export class PostgresSecretStore extends SecretStore {
  constructor(private readonly database: PostgresDatabase) {
    super();
  }

  async putIfAbsent(kind: string, name: string, wrapped: Uint8Array): Promise<Uint8Array> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      if (await this.insert({ kind, name, wrapped })) return wrapped.slice();
      const stored = await this.get(kind, name);
      if (stored !== undefined) return stored;
    }
    throw new EngineError('store_unavailable');
  }

  async put(kind: string, name: string, wrapped: Uint8Array): Promise<void> {
    const entry = { kind, name, wrapped };
    for (let tries = 0; tries < maxTries; tries += 1) {
      const stored = await this.get(kind, name);
      if (stored !== undefined && !Buffer.from(stored).equals(wrapped)) return this.replace(entry, [entry]);
      if (await (stored === undefined ? this.insert(entry) : this.touch(entry))) return;
    }
    throw new EngineError('store_unavailable');
  }

  async get(kind: string, name: string): Promise<Uint8Array | undefined> {
    const [row] = await this.database.read<{ wrapped: Buffer }>(
      `SELECT wrapped FROM ${tableOf(kind, name)} WHERE kind = $1 AND name = $2`,
      [kind, name],
    );
    return row && new Uint8Array(row.wrapped);
  }

  async list(kind: string): Promise<{ readonly name: string; readonly wrapped: Uint8Array }[]> {
    const rows = await this.database.read<{ name: string; wrapped: Buffer }>(
      'SELECT name, wrapped FROM sallyport.secrets WHERE kind = $1 ORDER BY name',
      [kind],
    );
    return rows.map(({ name, wrapped }) => ({ name, wrapped: new Uint8Array(wrapped) }));
  }

  async delete(kind: string, name: string): Promise<void> {
    const stored = await this.get(kind, name);
    if (stored !== undefined) await this.replace({ kind, name }, []);
  }

  private async insert({ kind, name, wrapped }: Entry): Promise<boolean> {
    const { count } = await this.database.write(
      `INSERT INTO ${tableOf(kind, name)} VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [bucketOf(kind, name), kind, name, wrapped],
    );
    return count === 1;
  }

  /** Writes what is there already: a write that leaves nothing behind, for those who check that one can. */
  private async touch({ kind, name, wrapped }: Entry): Promise<boolean> {
    const { count } = await this.database.write(
      `UPDATE ${tableOf(kind, name)} SET wrapped = $3 WHERE kind = $1 AND name = $2 AND wrapped = $3`,
      [kind, name, wrapped],
    );
    return count === 1;
  }

  private replace({ kind, name }: Pick<Entry, 'kind' | 'name'>, by: readonly Entry[]): Promise<void> {
    const table = tableOf(kind, name);
    return this.database.transaction(async (queries) => {
      // Before anything is read, so that two who replace wait for each other instead of deadlocking.
      await queries.run(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const { rows } = await queries.run<Entry>(
        `SELECT kind, name, wrapped FROM ${table} WHERE NOT (kind = $1 AND name = $2)`,
        [kind, name],
      );
      await queries.run(`TRUNCATE ${table}`);
      await insertAll(queries, bucketOf(kind, name), [...rows, ...by]);
    });
  }
}

async function insertAll(queries: Queries, bucket: number, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  await queries.run(
    `INSERT INTO sallyport.secrets_${bucket}
       SELECT $1::smallint, * FROM unnest($2::text[], $3::text[], $4::bytea[])`,
    [
      bucket,
      entries.map(({ kind }) => kind),
      entries.map(({ name }) => name),
      entries.map(({ wrapped }) => Buffer.from(wrapped)),
    ],
  );
}

function bucketOf(kind: string, name: string): number {
  return digest('sha256', `${kind}\0${name}`, 'buffer').readUInt32BE() % secretBuckets;
}

function tableOf(kind: string, name: string): string {
  return `sallyport.secrets_${bucketOf(kind, name)}`;
}
