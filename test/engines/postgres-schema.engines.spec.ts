// What PostgreSQL holds for us: migrated once whoever starts, read by index, and rid of what was deleted.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PostgresError, PostgresStores } from '@sallyport/adapter-postgres';
import type { ViewCommit } from '@sallyport/engine';
import { settingsOf } from './postgres-databases.js';
import { PostgresServer } from './postgres.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

const open = (url: string): Promise<PostgresStores> => PostgresStores.open(settingsOf(url));
const databaseOf = (url: string): string => new URL(url).pathname.slice(1);

describe('migrations', () => {
  it('run once, whoever starts at the same time', async () => {
    const url = await server.createDatabase();
    const all = await Promise.all(Array.from({ length: 8 }, () => open(url)));
    const steps = await all[0]?.database.read<{ version: number }>(
      'SELECT version FROM sallyport.migrations ORDER BY version',
    );
    expect(steps?.map(({ version }) => version)).toEqual(steps?.map((_, index) => index + 1));
    expect(steps?.length).toBeGreaterThan(0);
    await Promise.all(all.map((stores) => stores.close()));
  });

  it('leave nothing half done when they are cut short, and are begun again by the next', async () => {
    const url = await server.createDatabase();
    await server.asAdmin(async (admin) => {
      // Whoever migrates meets this table in the middle.
      await admin.query('CREATE SCHEMA sallyport AUTHORIZATION sallyport');
      await admin.query('CREATE TABLE sallyport.leases ()');
    }, databaseOf(url));
    await expect(open(url)).rejects.toMatchObject({ code: 'store_unavailable' });
    const tables = await server.asAdmin(
      (admin) => admin.query("SELECT tablename FROM pg_tables WHERE schemaname = 'sallyport'"),
      databaseOf(url),
    );
    expect(tables.rows).toEqual([{ tablename: 'leases' }]);
    await server.asAdmin((admin) => admin.query('DROP TABLE sallyport.leases'), databaseOf(url));
    await (await open(url)).close();
  });

  it('need no right to make schemas where somebody made ours', async () => {
    const url = await server.createDatabase();
    await server.asAdmin(async (admin) => {
      await admin.query(`ALTER DATABASE ${databaseOf(url)} OWNER TO postgres`);
      await admin.query('CREATE SCHEMA sallyport AUTHORIZATION sallyport');
    }, databaseOf(url));
    await (await open(url)).close();
  });

  it('refuse a database that a newer version has migrated', async () => {
    const url = await server.createDatabase();
    const stores = await open(url);
    await stores.database.write("INSERT INTO sallyport.migrations (version, name) VALUES (999, 'later')");
    await stores.close();
    await expect(open(url)).rejects.toThrow(PostgresError);
    await expect(open(url)).rejects.toThrow(/by a newer version \(schema 999/);
  });
});

describe('views', () => {
  it('are read by index, however often a statement was run', async () => {
    const url = await server.createDatabase();
    const stores = await open(url);
    const changes: ViewCommit['changes'] = Array.from({ length: 20_000 }, (_, index) => {
      const key = `key-${index}`;
      return { view: 'sessions', key, row: { key, owner: `owner-${index % 5_000}`, body: { index } } };
    });
    await stores.views.commit({ projection: 'p', generation: 1, from: null, to: '1', changes });
    await server.asAdmin((admin) => admin.query('ANALYZE'), databaseOf(url));
    // Past the fifth run the server may plan for any value at all.
    for (let times = 0; times < 8; times += 1) {
      expect((await stores.views.load('sessions', 1, ['key-7', 'key-9', 'none'])).size).toBe(2);
      expect(await stores.views.list('sessions', 1, 'owner-7')).toHaveLength(4);
      expect(await stores.views.page('sessions', 1, { owner: 'owner-7', limit: 2 })).toHaveLength(2);
      const owned = { owner: 'owner-7', before: 'key-5', limit: 9 };
      expect(await stores.views.page('sessions', 1, owned)).toHaveLength(2);
      expect(await stores.views.page('sessions', 1, { limit: 2 })).toHaveLength(2);
      expect(await stores.views.page('sessions', 1, { before: 'key-5', limit: 2 })).toHaveLength(2);
    }
    // Statistics of a session are complete when it has ended.
    await stores.close();
    const { rows } = await server.asAdmin(
      (admin) =>
        admin.query("SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = 'sessions:1'"),
      databaseOf(url),
    );
    // Making the index over owners reads the table, which was empty then.
    expect(Number(rows[0].seq_scan)).toBeLessThanOrEqual(2);
    expect(Number(rows[0].idx_scan)).toBeGreaterThanOrEqual(48);
  });

  it('survive bodies, keys and owners with everything that needs quoting', async () => {
    const stores = await open(await server.createDatabase());
    const name = `{}",'\\ \n\t NULL {"a":"b\\"} 漢 😀`;
    const text = `${name}\u0000\ud800`;
    const key = `k${name}`;
    const row = { key, owner: '{"o",\\}', body: { [text]: text } };
    const changes = [{ view: 'v', key: row.key, row }];
    await stores.views.commit({ projection: 'p', generation: 1, from: null, to: '1', changes });
    expect(await stores.views.load('v', 1, [row.key])).toEqual(new Map([[row.key, row]]));
    expect(await stores.views.list('v', 1, row.owner)).toEqual([row]);
    await stores.close();
  });

  it('are written while others write the same rows in another order', async () => {
    const stores = await open(await server.createDatabase());
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`);
    const write = async (partition: number) => {
      let at = await stores.consumers.assign('c', 1, partition);
      const of = { consumer: 'c', generation: 1, partition };
      for (let offset = 1; offset <= 20; offset += 1) {
        const order = partition % 2 === 0 ? keys : keys.toReversed();
        const row = { owner: 'o', body: { partition } };
        const changes = order.map((key) => ({ view: 'v', key, row: { key, ...row } }));
        const to = { nextOffset: `${offset}`, lastPosition: null };
        at = await stores.consumers.commit({ of, from: at, to, changes });
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    expect(await stores.views.list('v', 1, 'o')).toHaveLength(200);
    await stores.close();
  });
});

describe('secrets', () => {
  it('are found by index, one and all of a kind', async () => {
    const url = await server.createDatabase();
    const stores = await open(url);
    for (let bucket = 0; bucket < 64; bucket += 1) {
      await stores.database.write(
        `INSERT INTO sallyport.secrets_${bucket}
           SELECT ${bucket}, 'personal', 'account-' || n, '' FROM generate_series(1, 1000) n`,
      );
    }
    await stores.secrets.put('key', 'a', Uint8Array.of(1));
    await server.asAdmin((admin) => admin.query('ANALYZE'), databaseOf(url));
    const scans = async () => {
      const { rows } = await server.asAdmin(
        (admin) =>
          admin.query(
            `SELECT sum(seq_scan)::int AS seq, sum(idx_scan)::int AS index
               FROM pg_stat_user_tables WHERE relname LIKE 'secrets%'`,
          ),
        databaseOf(url),
      );
      return rows[0] as { seq: number; index: number };
    };
    const before = await scans();
    const reader = await open(url);
    for (let times = 0; times < 8; times += 1) {
      expect(await reader.secrets.get('personal', 'nobody')).toBeUndefined();
      expect(await reader.secrets.list('key')).toHaveLength(1);
    }
    await reader.close();
    await stores.close();
    expect((await scans()).seq).toBe(before.seq);
    expect((await scans()).index).toBeGreaterThanOrEqual(before.index + 8 * 65);
  });

  it('are in no table once they are deleted or replaced, while others come and stay', async () => {
    const url = await server.createDatabase();
    const stores = await open(url);
    const secret = () => `CANARY-${randomBytes(24).toString('hex')}`;
    const [kept, gone]: [string[], string[]] = [[], []];
    const entries = Array.from({ length: 300 }, (_, index) => ({ name: `account-${index}`, text: secret() }));
    const put = (name: string, text: string) => stores.secrets.put('personal', name, Buffer.from(text));
    await Promise.all(entries.map(({ name, text }) => put(name, text)));
    const change = async ({ name, text }: (typeof entries)[number], index: number) => {
      (index % 3 === 0 ? kept : gone).push(text);
      if (index % 3 === 1) await put(name, 'new');
      if (index % 3 === 2) await stores.secrets.delete('personal', name);
    };
    await Promise.all(entries.map(change));
    await server.asAdmin((admin) => admin.query('CHECKPOINT'));
    const files = execFileSync('grep', ['-rhoa', 'CANARY-[0-9a-f]*', join(server.directory, 'data', 'base')]);
    const found = files.toString('latin1');
    expect(kept.filter((text) => !found.includes(text))).toEqual([]);
    // A piece of each will do: a stale copy may be cut.
    expect(gone.filter((text) => found.includes(text.slice(7, 39)))).toEqual([]);
    expect(await stores.secrets.list('personal')).toHaveLength(200);
    await stores.close();
  });

  it('are replaced and deleted by many at once without losing others', async () => {
    const stores = await open(await server.createDatabase());
    const names = Array.from({ length: 40 }, (_, index) => `n-${index}`);
    const rounds = Array.from({ length: 5 }, (_, round) => round);
    const put = (name: string, round: number) => stores.secrets.put('k', name, Uint8Array.of(round));
    await Promise.all(rounds.flatMap((round) => names.map((name) => put(name, round))));
    await Promise.all(names.slice(0, 20).map((name) => stores.secrets.delete('k', name)));
    expect((await stores.secrets.list('k')).map(({ name }) => name)).toEqual(names.slice(20).sort());
    await stores.close();
  });
});
