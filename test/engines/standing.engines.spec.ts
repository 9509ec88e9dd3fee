// The topic of standings through a real Kafka: what the library for backends answers of sessions that real
// processes refresh and end, and that no displaced writer brings one back.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { busPrefixes, busTopics, KafkaBus } from '@sallyport/adapter-kafka';
import { partitionOf } from '@sallyport/engine';
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

describe('the topic of standings', () => {
  it('tells a backend of refreshes and of the end of a session, without a call to us', async () => {
    const reader = newReader();
    expect(reader.sessionStanding('anything')).toEqual({ status: 'unknown', reason: 'not_read' });
    const { app, accountId, sessionId } = await person();
    await until('the session is active', () => reader.sessionStanding(sessionId).status === 'active', 60_000);
    const before = reader.session(sessionId)?.lastActiveAt ?? '';
    await app.refresh();
    await until('the refresh is seen', () => (reader.session(sessionId)?.lastActiveAt ?? '') > before);
    expect(reader.sessionsOf(accountId)).toMatchObject([{ id: sessionId, clientId: 'demo-phone', holds: [] }]);
    await app.revoke();
    const revokedMs = Date.now();
    await until('it has ended', () => reader.sessionStanding(sessionId).status === 'ended');
    process.stderr.write(`a revocation was seen after ${Date.now() - revokedMs} ms\n`);
    expect(reader.sessionStanding(sessionId)).toEqual({ status: 'ended', reason: 'revoked' });
    expect(partitionOf(accountId, partitions)).toBeLessThan(partitions);
  }, 120_000);
});
