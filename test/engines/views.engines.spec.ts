// Views that other processes write: what relays and projectors make of the ledger through a real Kafka.
import { App, demoPhone, discover, newDeviceKey, newId } from '../tools/client/index.js';
import { withFeed } from '../tools/faults/afterwards.js';
import { replicaViewsProblems } from '../tools/faults/views-replay.js';
import { LedgerImage } from '../tools/prove/ledger-image.js';
import { Machines } from './machines.js';
import type { Replicas } from './replicas.js';

let machines: Machines;
let replicas: Replicas;
const accounts: string[] = [];

beforeAll(async () => {
  machines = await Machines.start({ workers: ['relay', 'relay', 'projector', 'projector'], partitions: 4 });
  ({ replicas } = machines);
}, 180_000);
afterAll(() => machines?.dispose(), 60_000);

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

describe('views of several machines', () => {
  it('show a write that their reader knows of', async () => {
    const app = await person(2);
    const [session, ...others] = await sessionsOf(app);
    expect([session?.['current'], others]).toEqual([true, []]);
    const { body } = await app.call('GET', `/v1/timeline?after=${app.network.position}`);
    expect((body['entries'] as unknown[]).length).toBeGreaterThan(1);
  }, 60_000);

  it('equal a replay of the ledger after relays, projectors and the broker were killed', async () => {
    const { kafka } = machines;
    await person(3);
    await machines.kill(machines.some('relay'));
    await machines.kill(machines.some('projector'));
    await person(3);
    await kafka.halt('SIGKILL');
    const meanwhile = await person(3);
    await kafka.startAgain();
    await Promise.all([machines.startWorker('projector'), machines.startWorker('relay')]);
    await replicas.operator.declareStoreRestored();
    const last = await person(1);
    await sessionsOf(last, 60_000);
    expect(meanwhile.store.read()).toBeDefined();
    for (const id of accounts) await untilQuiet(id);
    const { postgresUrl, partitions } = machines;
    await withFeed(machines, async (feed) => {
      const { log: events } = await LedgerImage.of(feed);
      expect(await replicaViewsProblems({ postgresUrl, partitions, feed, events }, 60_000)).toEqual([]);
    });
  }, 180_000);
});

/** Until the operators' view of the account shows all that is in the ledger now. */
async function untilQuiet(accountId: string): Promise<void> {
  const { address, credential } = replicas.operator.access();
  const headers = { authorization: `Bearer ${credential}`, 'x-operator': 'ops' };
  const head = await withFeed(machines, (feed) => feed.head());
  const deadline = performance.now() + 60_000;
  for (;;) {
    const path = `/admin/accounts/${accountId}/timeline?after=${head}`;
    const body = (await (await fetch(`${address}${path}`, { headers })).json()) as { behind?: true };
    if (body.behind === undefined) return;
    if (performance.now() > deadline) throw new Error(`${accountId} is behind`);
  }
}
