// What operators ask of the rules at a session-api holds for the process that runs them, on a real Kafka.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresStores } from '@sallyport/adapter-postgres';
import { keyRow, partitionOf } from '@sallyport/engine';
import { rulesProjection } from '@sallyport/feature-anomaly';
import { builtApp } from '@sallyport/testing';
import { App, demoPhone, discover, newDeviceKey, newId } from '../tools/client/index.js';
import { AppProcess } from '../tools/stack/app-process.js';
import { KafkaBroker } from './kafka.js';
import { settingsOf } from './postgres-databases.js';
import { Replicas } from './replicas.js';

const partitions = 2;
const [zurich, singapore] = ['195.176.3.4', '8.128.1.2'];
let replicas: Replicas;
let kafka: KafkaBroker;
let workers: AppProcess[];

interface Account {
  readonly username: string;
  readonly password: string;
  readonly accountId: string;
}

/** Set aside before anything of theirs happened. */
let parked: Account;

beforeAll(async () => {
  [replicas, kafka] = await Promise.all([Replicas.start(), KafkaBroker.start()]);
  const brokers = { SALLYPORT_KAFKA_BROKERS: kafka.brokers };
  const words = [builtApp('kafka-init'), '--partitions', String(partitions), '--without-access'];
  const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
  execFileSync(process.execPath, words, { env: { ...process.env, ...brokers }, stdio });
  parked = await somebody();
  await setAside(parked.accountId);
  const { SALLYPORT_ISSUER, SALLYPORT_EVENTSTORE_URL, SALLYPORT_POSTGRES_URL } = replicas.env;
  const shared = { SALLYPORT_EVENTSTORE_URL, SALLYPORT_POSTGRES_URL, ...brokers } as Record<string, string>;
  workers = [
    await AppProcess.start('relay', { env: { ...shared, SALLYPORT_ISSUER: SALLYPORT_ISSUER ?? '' } }),
    await AppProcess.start('anomaly', { env: shared }),
  ];
  await Promise.all(workers.map((worker) => worker.untilReady(60_000)));
}, 180_000);

afterAll(async () => {
  await Promise.all((workers ?? []).map((worker) => worker.kill9()));
  await replicas?.dispose();
  await kafka?.stop();
}, 60_000);

async function somebody(): Promise<Account> {
  const person = { username: `${newId().toLowerCase()}@example.org`, password: `correct ${newId()}` };
  return { ...person, ...(await replicas.operator.openAccount(person)) };
}

/** As a process does whose rules failed on an event of the account. */
async function setAside(key: string): Promise<void> {
  const stores = await PostgresStores.open(settingsOf(replicas.env['SALLYPORT_POSTGRES_URL'] ?? ''));
  const partition = partitionOf(key, partitions);
  const of = { consumer: rulesProjection.name, generation: rulesProjection.generation, partition };
  const from = await stores.consumers.assign(of.consumer, of.generation, partition);
  const since = new Date().toISOString();
  const place = { key, partition, position: '1', offset: '0', since, reason: 'not_handled' } as const;
  const to = { nextOffset: '0', lastPosition: null };
  await stores.consumers.commit({ of, from, to, changes: [keyRow(rulesProjection, place)] });
  await stores.close();
}

async function travels(account: Account): Promise<App> {
  const as = await discover(replicas.proxy.url);
  const app = new App({ as, registration: demoPhone, key: await newDeviceKey() });
  app.network.address = zurich;
  await app.signIn({ ...account, address: zurich });
  app.network.address = singapore;
  await app.refresh();
  return app;
}

async function ask(path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const { address, credential } = replicas.operator.access();
  const headers = { authorization: `Bearer ${credential}`, 'x-operator': 'ops' };
  const json = { 'content-type': 'application/json' };
  const sent = body && { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${address}${path}`, { ...sent, headers: { ...headers, ...(body && json) } });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error('it did not come to pass');
    await sleep(100);
  }
}

async function untilFound({ accountId }: Account): Promise<void> {
  await until(async () => {
    const findings = await replicas.operator.findings(accountId);
    return findings.find(({ rule }) => rule === 'new_country');
  });
}

const reason = 'test';

describe('operators at a session-api', () => {
  it('see who is set aside elsewhere, and have them taken up', async () => {
    await travels(parked);
    const shown = (await ask('/admin/parked')).body['parked'];
    expect(shown).toMatchObject([{ accountId: parked.accountId, consumer: 'rules', error: 'not_handled' }]);
    const other = await somebody();
    const refused = await ask(`/admin/accounts/${other.accountId}/retry`, {});
    expect(refused).toMatchObject({ status: 404, body: { type: 'urn:sallyport:problem:not_parked' } });
    expect((await ask(`/admin/accounts/${parked.accountId}/retry`, {})).status).toBe(200);
    await until(async () => {
      const { body } = await ask('/admin/parked');
      return (body['parked'] as unknown[]).length === 0 ? true : undefined;
    });
    // What happened meanwhile is judged now.
    await untilFound(parked);
  }, 120_000);

  it('list findings and dismiss one', async () => {
    const account = await somebody();
    await travels(account);
    await untilFound(account);
    const [finding] = await replicas.operator.findings(account.accountId);
    await replicas.operator.dismiss(account.accountId, String(finding?.['findingId']));
    const [dismissed] = await replicas.operator.findings(account.accountId);
    expect(dismissed).toMatchObject({ dismissed: 'drill' });
    const latest = await until(async () => {
      const all = (await ask('/admin/findings')).body['findings'] as { accountId: string }[];
      return all.find(({ accountId }) => accountId === account.accountId);
    });
    expect(latest).toBeDefined();
  }, 120_000);

  it('pause enforcement at once: what is decided then is recorded, and held of nobody', async () => {
    await ask('/admin/enforcement/pause', { reason });
    const account = await somebody();
    const app = await travels(account);
    await untilFound(account);
    const history = await replicas.operator.timeline(account.accountId).catch(() => []);
    expect(JSON.stringify(history)).not.toMatch(/sensitive-actions-held/);
    expect((await ask(`/admin/accounts/${account.accountId}`)).body).toMatchObject({ holds: [] });
    await app.refresh();
    await ask('/admin/enforcement/resume', { reason });
    expect((await ask('/admin/rules')).body).toMatchObject({ enforcement: 'on' });
  }, 120_000);

  it('hold, release and force to sign in, beside what the rules do', async () => {
    const { accountId } = await somebody();
    for (const order of ['hold', 'release', 'reauthenticate']) {
      expect((await ask(`/admin/accounts/${accountId}/${order}`, { reason })).status).toBe(200);
    }
  });
});
