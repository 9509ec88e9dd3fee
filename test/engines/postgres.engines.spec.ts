// The PostgreSQL that tests run on: one that starts, is stopped, crashes and comes back with its data.
import { existsSync } from 'node:fs';
import { Client } from 'pg';
import { PostgresServer } from './postgres.js';

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('PostgresServer', () => {
  it('starts on loopback, keeps its data through a stop and a crash, and leaves nothing behind', async () => {
    const server = await PostgresServer.start();
    const url = await server.createDatabase();
    await ask(url, 'CREATE TABLE kept AS SELECT 1 AS one');
    await server.stop();
    expect(server.pid()).toBeUndefined();
    await server.resume();
    await server.stop('immediate');
    const found = PostgresServer.in(server.directory);
    await found.resume();
    expect(found.pid()).toBe(server.pid());
    expect(await ask(url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    const [role] = await ask(url, 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
    expect(role).toEqual({ rolsuper: false });
    await server.dispose();
    expect(existsSync(server.directory)).toBe(false);
  });

  it('sorts by language where no order is named, and lets nobody in without the password', async () => {
    const server = await PostgresServer.start();
    const words = await ask(server.url(), "SELECT w FROM unnest('{B,a,C}'::text[]) w ORDER BY w");
    expect(words).toEqual([{ w: 'a' }, { w: 'B' }, { w: 'C' }]);
    const stranger = server.url().replace(/:\w+@/, ':wrong@');
    await expect(ask(stranger, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    await server.dispose();
  });
});
