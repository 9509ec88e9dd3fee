// Brings the schema up to date: forward only, by any number of processes at once, each step once.
import type { PostgresDatabase } from './database.js';
import { PostgresError } from './errors.js';
import { migrations } from './schema.js';
import type { Queries } from './session.js';

/** Names the advisory lock of those who migrate; any number will do that nobody else uses. */
const lockKey = 0x53616c6c79;

/**
 * Runs what is missing in one transaction: all of it counts, or nothing. Whoever comes second waits for the
 * lock and finds nothing to do. Rejects with `PostgresError` `schema_newer`, or as `transaction` does.
 */
export async function migrate(database: PostgresDatabase): Promise<void> {
  const [found] = await database.read<{ exists: boolean }>(
    "SELECT to_regclass('sallyport.migrations') IS NOT NULL AS exists",
  );
  if (found?.exists === true) {
    const [stored] = await database.read<{ version: number }>(versionQuery);
    if (check(stored?.version ?? 0) === migrations.length) return;
  }
  await database.transaction(upgrade);
}

const versionQuery = 'SELECT coalesce(max(version), 0) AS version FROM sallyport.migrations';

async function upgrade(queries: Queries): Promise<void> {
  await queries.run('SELECT pg_advisory_xact_lock($1)', [lockKey]);
  const { rows } = await queries.run<{ exists: boolean }>(
    "SELECT to_regnamespace('sallyport') IS NOT NULL AS exists",
  );
  // Where somebody made the schema for us, we may not be allowed to make one.
  if (rows[0]?.exists !== true) await queries.run('CREATE SCHEMA sallyport');
  await queries.run(
    `CREATE TABLE IF NOT EXISTS sallyport.migrations (
       version integer PRIMARY KEY,
       name text NOT NULL,
       migrated_at timestamptz NOT NULL DEFAULT clock_timestamp()
     )`,
  );
  const [stored] = (await queries.run<{ version: number }>(versionQuery)).rows;
  const from = check(stored?.version ?? 0);
  for (const [index, { name, statements }] of migrations.entries()) {
    if (index < from) continue;
    for (const statement of statements) await queries.run(statement);
    await queries.run('INSERT INTO sallyport.migrations (version, name) VALUES ($1, $2)', [index + 1, name]);
  }
}

function check(version: number): number {
  if (version <= migrations.length) return version;
  throw new PostgresError(
    'schema_newer',
    `The database was migrated by a newer version (schema ${version}, this version knows up to ` +
      `${migrations.length}). Start the newer version.`,
  );
}
