// Views that other processes write: what relays and projectors make of the ledger through a real Kafka.
import { execFileSync } from 'node:child_process';
import { EventStoreDbConnection, EventStoreDbFeed } from '@sallyport/adapter-eventstoredb';
import { PostgresStores } from '@sallyport/adapter-postgres';
import { projections } from '@sallyport/core-views';
import { rebuildProjection } from '@sallyport/engine';
import { builtApp, MemoryViewStore } from '@sallyport/testing';
import { App, demoPhone, discover, newDeviceKey, newId } from '../tools/client/index.js';
import { AppProcess } from '../tools/stack/app-process.js';
import { KafkaBroker } from './kafka.js';
import { settingsOf } from './postgres-databases.js';
import { Replicas } from './replicas.js';

let replicas: Replicas;
let kafka: KafkaBroker;
let workers: AppProcess[];
let env: Record<string, string>;
const accounts: string[] = [];

async function start(name: 'relay' | 'projector'): Promise<AppProcess> {
  const { SALLYPORT_ISSUER = '', ...shared } = env;
  const own: Record<string, string> = name === 'relay' ? { SALLYPORT_ISSUER } : {};
  const app = await AppProcess.start(name, { env: { ...shared, ...own } });
  await app.untilReady();
  return app;
}

beforeAll(async () => {
  [replicas, kafka] = await Promise.all([Replicas.start(), KafkaBroker.start()]);
  const { SALLYPORT_ISSUER, SALLYPORT_EVENTSTORE_URL, SALLYPORT_POSTGRES_URL } = replicas.env;
  const shared = { SALLYPORT_ISSUER, SALLYPORT_EVENTSTORE_URL, SALLYPORT_POSTGRES_URL };
  env = { ...shared, SALLYPORT_KAFKA_BROKERS: kafka.brokers } as Record<string, string>;
  const words = [builtApp('kafka-init'), '--partitions', '4', '--without-access'];
  const settings = { ...process.env, SALLYPORT_KAFKA_BROKERS: kafka.brokers };
  execFileSync(process.execPath, words, { env: settings, stdio: ['ignore', 'ignore', 'pipe'] });
  workers = [await start('relay'), await start('relay'), await start('projector'), await start('projector')];
}, 180_000);

afterAll(async () => {
  await Promise.all((workers ?? []).map((worker) => worker.kill9()));
  await replicas?.dispose();
  await kafka?.stop();
}, 60_000);

/** Somebody new on a phone, who refreshes a few times. */
async function person(refreshes: number): Promise<App> {
  const as = await discover(replicas.proxy.url);
  const known = { username: `${newId().toLowerCase()}@example.org`, password: `correct ${newId()}` };
  accounts.push((await replicas.operator.openAccount(known)).accountId);
  const app = new App({ as, registration: demoPhone, key: await newDeviceKey() });
  await app.signIn(known);
  for (let times = 0; times < refreshes; times += 1) await app.refresh();
  return app;
}

/** The list of sessions once it shows the app's latest write. */
async function sessionsOf(app: App, budgetMs = 30_000): Promise<readonly Record<string, unknown>[]> {
  const deadline = performance.now() + budgetMs;
  for (;;) {
    const { body } = await app.call('GET', `/v1/sessions?after=${app.network.position ?? '0'}`);
    const isShown = body['behind'] === undefined && Array.isArray(body['sessions']);
    if (isShown) return body['sessions'] as Record<string, unknown>[];
    if (performance.now() > deadline) throw new Error(`not shown: ${JSON.stringify(body)}`);
  }
}

/** Every row of the accounts, as stored and as made anew from the ledger in memory. */
async function rowsAndReplay(): Promise<[object, object]> {
  const stores = await PostgresStores.open(settingsOf(env['SALLYPORT_POSTGRES_URL'] ?? ''));
  const clock = { now: () => Date.now() };
  const connection = EventStoreDbConnection.to({ url: env['SALLYPORT_EVENTSTORE_URL'] ?? '', clock });
  const feed = new EventStoreDbFeed(connection);
  const views = new MemoryViewStore();
  const { signal } = new AbortController();
  for (const projection of projections) {
    await rebuildProjection(projection, { feed, views, clock }, { signal });
  }
  const all = async (from: Pick<MemoryViewStore, 'list'>) => {
    const lists = projections.flatMap((projection) =>
      projection.views.flatMap((view) =>
        [...accounts, 'cutoffs', '*'].map(
          async (owner) => [`${view} ${owner}`, await from.list(view, 1, owner)] as const,
        ),
      ),
    );
    return Object.fromEntries(await Promise.all(lists));
  };
  const both: [object, object] = [await all(stores.views), await all(views)];
  feed.close();
  await connection.close();
  await stores.close();
  return both;
}

describe('views of several machines', () => {
  it('show a write that their reader knows of', async () => {
    const app = await person(2);
    const [session, ...others] = await sessionsOf(app);
    expect([session?.['current'], others]).toEqual([true, []]);
    const { body } = await app.call('GET', `/v1/timeline?after=${app.network.position}`);
    expect((body['entries'] as unknown[]).length).toBeGreaterThan(1);
  }, 60_000);

  it('equal a replay of the ledger after relays, projectors and the broker were killed', async () => {
    await person(3);
    await workers[0]?.kill9();
    await workers[2]?.kill9();
    await person(3);
    await kafka.halt('SIGKILL');
    const meanwhile = await person(3);
    await kafka.startAgain();
    workers.push(await start('projector'), await start('relay'));
    await replicas.operator.declareStoreRestored();
    const last = await person(1);
    await sessionsOf(last, 60_000);
    expect(meanwhile.store.read()).toBeDefined();
    for (const id of accounts) await untilQuiet(id);
    const [rows, replayed] = await rowsAndReplay();
    expect(rows).toEqual(replayed);
  }, 180_000);
});

/** Until the operators' view of the account shows all that is in the ledger now. */
async function untilQuiet(accountId: string): Promise<void> {
  const { address, credential } = replicas.operator.access();
  const headers = { authorization: `Bearer ${credential}`, 'x-operator': 'ops' };
  const stores = EventStoreDbConnection.to({
    url: env['SALLYPORT_EVENTSTORE_URL'] ?? '',
    clock: { now: () => Date.now() },
  });
  const feed = new EventStoreDbFeed(stores);
  const head = await feed.head();
  feed.close();
  await stores.close();
  const deadline = performance.now() + 60_000;
  for (;;) {
    const path = `/admin/accounts/${accountId}/timeline?after=${head}`;
    const body = (await (await fetch(`${address}${path}`, { headers })).json()) as { behind?: true };
    if (body.behind === undefined) return;
    if (performance.now() > deadline) throw new Error(`${accountId} is behind`);
  }
}
