// The topic of standings through a real Kafka: what the library for backends answers of sessions that real
// processes refresh and end, and that no displaced writer brings one back.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { busPrefixes, busTopics, KafkaBus } from '@sallyport/adapter-kafka';
import type { StandingFeed } from '@sallyport/core-views';
import { partitionOf } from '@sallyport/engine';
import type { ReceivedRecord } from '@sallyport/engine';
import { followStanding, StandingReader } from '@sallyport/standing-reader';
import { builtApp } from '@sallyport/testing';
import { App, demoPhone, discover, newDeviceKey, newId } from '../tools/client/index.js';
import { AppProcess } from '../tools/stack/app-process.js';
import { KafkaBroker } from './kafka.js';
import { Replicas } from './replicas.js';

const partitions = 4;
const clock = { now: () => Date.now() };

let replicas: Replicas;
let kafka: KafkaBroker;
let projectors: AppProcess[];
let relay: AppProcess;
let bus: KafkaBus;
const following = new AbortController();
const running: Promise<void>[] = [];

async function start(name: 'relay' | 'projector'): Promise<AppProcess> {
  const { SALLYPORT_ISSUER = '', SALLYPORT_EVENTSTORE_URL = '', SALLYPORT_POSTGRES_URL = '' } = replicas.env;
  const shared = { SALLYPORT_EVENTSTORE_URL, SALLYPORT_POSTGRES_URL, SALLYPORT_KAFKA_BROKERS: kafka.brokers };
  const own: Record<string, string> = name === 'relay' ? { SALLYPORT_ISSUER } : {};
  const app = await AppProcess.start(name, { env: { ...shared, ...own } });
  await app.untilReady();
  return app;
}

/** Somebody's own copy of the topic, kept up to date; read from its beginning. */
function newReader(maxAgeSeconds = 10): StandingReader {
  const reader = new StandingReader({ clock, maxAgeSeconds });
  const group = `${busPrefixes.reader}-${newId()}`;
  running.push(followStanding({ bus, topic: busTopics.standing, group, reader }, following.signal));
  return reader;
}

beforeAll(async () => {
  const properties = { 'log.cleaner.backoff.ms': '200', 'log.retention.check.interval.ms': '500' };
  [replicas, kafka] = await Promise.all([Replicas.start(), KafkaBroker.start({ properties })]);
  const words = [builtApp('kafka-init'), '--partitions', String(partitions), '--without-access'];
  const settings = { ...process.env, SALLYPORT_KAFKA_BROKERS: kafka.brokers };
  execFileSync(process.execPath, words, { env: settings, stdio: ['ignore', 'ignore', 'pipe'] });
  bus = new KafkaBus({ brokers: kafka.brokers, clientId: 'spec' });
  relay = await start('relay');
  projectors = [await start('projector'), await start('projector')];
}, 180_000);

afterAll(async () => {
  following.abort();
  for (const { process: of } of projectors ?? []) of.kill('SIGCONT');
  await Promise.all([...(projectors ?? []), relay].map((worker) => worker?.kill9()));
  await Promise.all(running);
  await bus?.close();
  await replicas?.dispose();
  await kafka?.stop();
}, 90_000);

interface Person {
  readonly app: App;
  readonly accountId: string;
  readonly sessionId: string;
}

async function person(): Promise<Person> {
  const as = await discover(replicas.proxy.url);
  const known = { username: `${newId().toLowerCase()}@example.org`, password: `correct ${newId()}` };
  const { accountId } = await replicas.operator.openAccount(known);
  const app = new App({ as, registration: demoPhone, key: await newDeviceKey() });
  await app.signIn(known);
  const { accessToken } = app.store.read() as { accessToken: string };
  const [, claims = ''] = accessToken.split('.');
  const { sid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sid: string };
  return { app, accountId, sessionId: sid };
}

async function until(what: string, holds: () => unknown, budgetMs = 30_000): Promise<void> {
  const deadline = performance.now() + budgetMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not come to pass: ${what}`);
    await sleep(50);
  }
}

async function read(partition: number): Promise<ReceivedRecord[]> {
  const seen: ReceivedRecord[] = [];
  const reading = { topic: busTopics.standing, partitions: [partition], name: busPrefixes.reader };
  await bus.readThrough(reading, (records) => seen.push(...records));
  return seen;
}

/** How often the partition has changed hands. */
async function epochOf(partition: number): Promise<number> {
  const last = (await read(partition)).findLast(({ key }) => key === `feed:${partition}`);
  return (JSON.parse(last?.value ?? '{"epoch":0}') as StandingFeed).epoch;
}

/** The process that writes the partition: what happens there counts up its events. */
async function writerOf(partition: number, happens: () => Promise<unknown>): Promise<AppProcess> {
  const name = `sallyport_consumer_events_total{consumer="standing",partition="${partition}"} `;
  const counts = () =>
    Promise.all(
      projectors.map(async ({ url }) => {
        const text = await (await fetch(`${url}/metrics`)).text();
        const line = text.split('\n').find((one) => one.startsWith(name)) ?? '0';
        return Number(line.split(' ').at(-1));
      }),
    );
  const before = await counts();
  await happens();
  let grown = -1;
  await until('a writer counts', async () => {
    grown = (await counts()).findIndex((count, index) => count > (before[index] ?? 0));
    return grown >= 0;
  });
  return projectors[grown] as AppProcess;
}

describe('the topic of standings', () => {
  it('tells a backend of refreshes and of the end of a session, without a call to us', async () => {
    const reader = newReader();
    expect(reader.sessionStanding('anything')).toEqual({ status: 'unknown', reason: 'not_read' });
    const { app, accountId, sessionId } = await person();
    await until('the session is active', () => reader.sessionStanding(sessionId).status === 'active', 60_000);
    const before = reader.session(sessionId)?.lastActiveAt ?? '';
    await app.refresh();
    await until('the refresh is seen', () => (reader.session(sessionId)?.lastActiveAt ?? '') > before);
    const shown = { id: sessionId, clientId: 'demo-phone', holds: [] };
    expect(reader.sessionsOf(accountId)).toMatchObject([shown]);
    await app.revoke();
    const revokedMs = Date.now();
    await until('it has ended', () => reader.sessionStanding(sessionId).status === 'ended');
    process.stderr.write(`a revocation was seen after ${Date.now() - revokedMs} ms\n`);
    expect(reader.sessionStanding(sessionId)).toEqual({ status: 'ended', reason: 'revoked' });
  }, 120_000);

  it('never bring a session back by the late write of a writer that stood still', async () => {
    const reader = newReader();
    const { app, accountId, sessionId } = await person();
    await until('the session is active', () => reader.sessionStanding(sessionId).status === 'active');
    const partition = partitionOf(accountId, partitions);
    const owner = await writerOf(partition, () => app.refresh());
    const epoch = await epochOf(partition);
    // Stopped in the midst of its work.
    for (let times = 0; times < 20; times += 1) await app.refresh();
    owner.process.kill('SIGSTOP');
    await app.refresh();
    await app.revoke();
    await sleep(11_000);
    expect(reader.sessionStanding(sessionId).status).not.toBe('active');
    await until('another took over', async () => (await epochOf(partition)) > epoch, 90_000);
    await until('the end is seen', () => reader.sessionStanding(sessionId).status === 'ended');
    owner.process.kill('SIGCONT');
    const refused = /"(code|message)":"(fenced|checkpoint_moved)/;
    await until('the late writer was refused', () => refused.test(owner.output()));
    await sleep(3_000);
    const fresh = newReader();
    await until('the topic is read afresh', () => fresh.readiness() === null, 60_000);
    expect(fresh.sessionStanding(sessionId)).toEqual({ status: 'ended', reason: 'revoked' });
    const records = await read(partition);
    const last = records.findLast(({ key }) => key === `session:${sessionId}`);
    expect(JSON.parse(last?.value ?? '{}')).toMatchObject({ state: { status: 'ended' } });
    // Both work on, and need no hand.
    const another = await person();
    await until('somebody new is seen', () => fresh.sessionStanding(another.sessionId).status === 'active');
  }, 240_000);
});
