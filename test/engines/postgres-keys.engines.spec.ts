// The key ring and the personal keys of several processes in one PostgreSQL: made once, known to all, erased.
import { randomBytes } from 'node:crypto';
import { PostgresStores } from '@sallyport/adapter-postgres';
import { MovableClock, RandomIds } from '@sallyport/testing';
import { KeyRing, MasterKey, PersonalKeys } from '@sallyport/tokens';
import { settingsOf } from './postgres-databases.js';
import { PostgresServer } from './postgres.js';

const master = new MasterKey(randomBytes(32));
const [ids, clock] = [new RandomIds(), new MovableClock()];
const place = { stream: 'session-a', eventId: 'e' };

let server: PostgresServer;
let processes: PostgresStores[];

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());
beforeEach(async () => {
  const settings = settingsOf(await server.createDatabase(), { connectTimeoutMs: 1_000 });
  processes = await Promise.all([1, 2, 3].map(() => PostgresStores.open(settings)));
});
afterEach(async () => {
  await Promise.all(processes.map((stores) => stores.close()));
});

const shared = { master, ids, clock, issuer: 'http://127.0.0.1' };
const rings = (): KeyRing[] => processes.map(({ secrets: store }) => new KeyRing({ store, ...shared }));

describe('the key ring in PostgreSQL', () => {
  it('is made once by processes that start at once, and a key of one is learnt by the others', async () => {
    const [one, two, three] = rings() as [KeyRing, KeyRing, KeyRing];
    const made = await Promise.all([one, two, three].map((ring) => ring.load()));
    expect(made.filter((keys) => keys.length > 0)).toHaveLength(1);
    expect(two.describe()).toEqual(one.describe());
    const known = new Set(two.describe().map(({ keyId }) => keyId));
    await one.rotate('refresh');
    const [fresh] = one.describe().filter(({ keyId }) => !known.has(keyId));
    clock.time += 2_000;
    expect(await two.reloadIfUnknown(fresh?.keyId as string)).toBe(true);
    expect(two.describe()).toEqual(one.describe());
  });

  it('that is away gives no verdict on a key it may hold, while keys in memory go on working', async () => {
    const [ring] = rings() as [KeyRing];
    await ring.load();
    await server.stop();
    clock.time += 2_000;
    try {
      await expect(ring.reloadIfUnknown('00000000')).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(ring.current('refresh').id).toMatch(/^[0-9a-f]{8}$/);
    } finally {
      await server.resume();
    }
    clock.time += 2_000;
    expect(await ring.reloadIfUnknown('00000000')).toBe(false);
  });
});

describe('personal keys in PostgreSQL', () => {
  it('are one per account whoever makes them, and open nothing anywhere once they are deleted', async () => {
    const keys = processes.map(({ secrets: store }) => new PersonalKeys({ store, master, ids }));
    const [one, two, three] = keys as [PersonalKeys, PersonalKeys, PersonalKeys];
    await Promise.all(keys.map((each) => each.create('a')));
    const sealed = (await one.seal('a', place, { ip: '203.0.113.7' })) as string;
    expect(await two.open('a', place, sealed)).toEqual({ ip: '203.0.113.7' });
    await one.delete('a');
    two.forget('a');
    for (const each of [one, two, three]) expect(await each.open('a', place, sealed)).toBeUndefined();
  });
});
