// PostgreSQL stopped, crashed, silent, exhausted under use: retryable errors, nothing acknowledged lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresDatabase, PostgresStores } from '@sallyport/adapter-postgres';
import { EngineError } from '@sallyport/engine';
import { settingsOf } from './postgres-databases.js';
import { PostgresServer } from './postgres.js';

let server: PostgresServer;
let url: string;
let stores: PostgresStores;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());
beforeEach(async () => {
  url = await server.createDatabase();
  stores = await PostgresStores.open(settingsOf(url, { poolSize: 4, connectTimeoutMs: 1_000 }));
});
afterEach(() => stores.close());

const unavailable = { code: 'store_unavailable' };
const unknown = { code: 'outcome_unknown' };

/** Ends sessions of the database, as an administrator would, once one runs a statement like the pattern. */
async function terminate(pattern: string): Promise<void> {
  const database = new URL(url).pathname.slice(1);
  await server.asAdmin(async (admin) => {
    for (let ended: number | null = 0; ended === 0; await sleep(5)) {
      const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = $1 AND query LIKE $2 AND state <> 'idle'`;
      ended = (await admin.query(sql, [database, pattern])).rowCount;
    }
  });
}

const position = async (): Promise<number> => Number((await stores.views.checkpoint('count', 1)) ?? 0);

/** Commits batch after batch, each from the one before, until told to stop; what it saw of each. */
async function countUp(stop: AbortSignal): Promise<{ acknowledged: number; codes: Set<string> }> {
  const codes = new Set<string>();
  let at = await position();
  while (!stop.aborted) {
    const row = { key: 'count', owner: 'o', body: { at: at + 1 } };
    const changes = [{ view: 'counts', key: 'count', row }];
    const from = at === 0 ? null : `${at}`;
    try {
      await stores.views.commit({ projection: 'count', generation: 1, from, to: `${at + 1}`, changes });
      at += 1;
    } catch (error) {
      const { code } = error as EngineError;
      codes.add(code);
      if (code === 'outcome_unknown') at = await afterUnknown(at);
    }
  }
  return { acknowledged: at, codes };
}

/** Where a batch stands that may have counted: nowhere else than before it or after it. */
async function afterUnknown(at: number): Promise<number> {
  for (;;) {
    const now = await position().catch(() => undefined);
    if (now !== undefined && (now < at || now > at + 1)) throw new Error(`stands at ${now} after ${at}`);
    if (now !== undefined) return now;
    await sleep(20);
  }
}

describe('a server that goes away and comes back', () => {
  it('is waited for by retryable errors, and holds all that was acknowledged', async () => {
    const stop = new AbortController();
    const counted = countUp(stop.signal);
    for (const mode of ['fast', 'immediate', 'immediate', 'fast'] as const) {
      await sleep(150);
      const before = await position();
      await server.stop(mode);
      await expect(stores.views.checkpoint('count', 1)).rejects.toMatchObject(unavailable);
      await sleep(100);
      await server.resume();
      expect(await position()).toBeGreaterThanOrEqual(before);
    }
    await sleep(100);
    stop.abort();
    const { acknowledged, codes } = await counted;
    expect(acknowledged).toBeGreaterThan(10);
    expect([...codes].filter((code) => !['store_unavailable', 'outcome_unknown'].includes(code))).toEqual([]);
    expect(await position()).toBe(acknowledged);
    const [row] = await stores.views.list('counts', 1, 'o');
    expect(row?.body).toEqual({ at: acknowledged });
  });

  it('refuses everything meanwhile, and nothing of it happened', async () => {
    await stores.secrets.put('key', 'a', Uint8Array.of(1));
    const lease = await stores.leases.take('relay', 'a', 60_000);
    await server.stop();
    const refused = [
      stores.secrets.get('key', 'a'),
      stores.secrets.delete('key', 'a'),
      stores.leases.take('relay', 'b', 1_000),
      stores.consumers.assign('rules', 1, 0),
      stores.database.check(),
      PostgresStores.open(settingsOf(url, { connectTimeoutMs: 1_000 })),
    ];
    for (const one of refused) await expect(one).rejects.toMatchObject(unavailable);
    await server.resume();
    expect(await stores.secrets.get('key', 'a')).toEqual(Uint8Array.of(1));
    expect(await stores.leases.renew(lease as NonNullable<typeof lease>)).toBe(true);
    expect(await stores.consumers.assign('rules', 1, 0)).toMatchObject({ epoch: 1 });
    expect(await stores.database.check()).toBeUndefined();
  });

  it('that says nothing at all is given up on, and found again once it speaks', async () => {
    const patient = new PostgresDatabase(settingsOf(url, { statementTimeoutMs: 200, connectTimeoutMs: 500 }));
    const [backend] = await patient.read<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pids = [backend?.pid as number, server.pid() as number];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const started = performance.now();
    try {
      await expect(patient.read('SELECT 1')).rejects.toMatchObject(unavailable);
      await expect(patient.read('SELECT 1')).rejects.toMatchObject(unavailable);
      expect(performance.now() - started).toBeLessThan(10_000);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    expect(await patient.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await patient.close();
  });

  it('that became a standby is not read from, as it tells what was', async () => {
    await stores.secrets.put('key', 'a', Uint8Array.of(1));
    await server.stop();
    server.standBy(true);
    await server.resume();
    await expect(stores.secrets.get('key', 'a')).rejects.toMatchObject(unavailable);
    await server.stop();
    server.standBy(false);
    await server.resume();
    expect(await stores.secrets.get('key', 'a')).toEqual(Uint8Array.of(1));
  });
});

describe('a connection that ends', () => {
  it('inside a transaction takes its writes with it', async () => {
    await stores.consumers.assign('rules', 1, 0);
    const cut = stores.database.transaction(async (queries) => {
      await queries.run('UPDATE sallyport.consumer_checkpoints SET epoch = 99');
      await terminate('%epoch = 99%');
      await queries.run('SELECT 1');
    });
    await expect(cut).rejects.toMatchObject(unavailable);
    expect(await stores.consumers.assign('rules', 1, 0)).toMatchObject({ epoch: 2 });
  });

  it('in a commit, or in a statement that is one by itself, leaves the outcome unknown', async () => {
    await stores.database.write('CREATE TABLE slow (n int)');
    await stores.database.write(
      `CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql
         AS $$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$`,
    );
    await stores.database.write(
      `CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON slow
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()`,
    );
    const insert = 'INSERT INTO slow VALUES (1)';
    const inTransaction = stores.database.transaction((queries) => queries.run(insert));
    await Promise.all([expect(inTransaction).rejects.toMatchObject(unknown), terminate('COMMIT%')]);
    const alone = stores.database.write(insert);
    await Promise.all([expect(alone).rejects.toMatchObject(unknown), terminate('INSERT INTO slow%')]);
    expect(await stores.database.read('SELECT n FROM slow')).toEqual([]);
  });

  it('while it is idle is replaced unnoticed', async () => {
    await Promise.all(Array.from({ length: 4 }, () => stores.database.read('SELECT pg_sleep(0.05)')));
    await server.asAdmin((admin) =>
      admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sallyport'"),
    );
    await sleep(100);
    expect(await stores.database.check()).toBeUndefined();
  });
});

describe('limits', () => {
  it('refuse who waits too long for a connection, and who comes when too many wait', async () => {
    const narrow = new PostgresDatabase(settingsOf(url, { poolSize: 1, connectTimeoutMs: 300 }));
    let free = (): void => undefined;
    const held = narrow.transaction(() => new Promise<void>((resolve) => (free = resolve)));
    await sleep(50);
    const started = performance.now();
    const waiting = Array.from({ length: 520 }, () => narrow.read('SELECT 1'));
    const outcomes = await Promise.allSettled(waiting);
    expect(performance.now() - started).toBeLessThan(5_000);
    for (const one of outcomes) expect(one).toMatchObject({ status: 'rejected', reason: unavailable });
    free();
    await held;
    expect(await narrow.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(narrow.counts()).toEqual({ open: 1, idle: 1, waiting: 0 });
    await narrow.close();
    await expect(narrow.read('SELECT 1')).rejects.toMatchObject(unavailable);
  });

  it('end a statement that runs too long, and a wait for a lock, without a verdict', async () => {
    const strict = settingsOf(url, { statementTimeoutMs: 400, lockTimeoutMs: 100 });
    const hasty = await PostgresStores.open(strict);
    await expect(hasty.database.read('SELECT pg_sleep(5)')).rejects.toMatchObject(unavailable);
    const start = await stores.consumers.assign('rules', 1, 0);
    await stores.database.transaction(async (queries) => {
      await queries.run('UPDATE sallyport.consumer_checkpoints SET epoch = epoch');
      const of = { consumer: 'rules', generation: 1, partition: 0 };
      const to = { nextOffset: '1', lastPosition: '1' };
      const late = hasty.consumers.commit({ of, from: start, to, changes: [] });
      await expect(late).rejects.toMatchObject(unavailable);
    });
    expect(await stores.consumers.progress('rules', 1)).toEqual(new Map([[0, start]]));
    await hasty.close();
  });
});
