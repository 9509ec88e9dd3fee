// The relay on a real Kafka: what a foreign reader of what is committed finds is the ledger.
import type { Leases } from '@sallyport/engine';
import { Relay } from '@sallyport/feature-relay';
import type { RelayObserver } from '@sallyport/feature-relay';
import { exampleDraft, LeasesForAll, MemoryEventStore, MovableClock } from '@sallyport/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { networkProblems, recordCount, topicProblems } from '../tools/faults/topic-audit.js';
import { readCommitted } from './foreign-reader.js';
import { kafkaUnderTest } from './kafka-under-test.js';
import type { KafkaUnderTest } from './kafka-under-test.js';

const partitions = 6;
const source = 'urn:example:ledger';
const clock = new MovableClock();

let kafka: KafkaUnderTest;
beforeAll(async () => {
  kafka = await kafkaUnderTest();
}, 120_000);
afterAll(() => kafka.close(), 30_000);

interface Scene {
  readonly store: MemoryEventStore;
  readonly topics: { readonly events: string; readonly network: string };
  start(observer?: RelayObserver): { stop(): Promise<void> };
  append(count: number): Promise<void>;
}

async function newScene(leases: Leases = new LeasesForAll()): Promise<Scene> {
  const store = new MemoryEventStore(clock);
  const topics = { events: await kafka.makeTopic(partitions), network: await kafka.makeTopic(2) };
  let relays = 0;
  let appended = 0;
  return {
    store,
    topics,
    start: (observer) => {
      relays += 1;
      const stop = new AbortController();
      const settings = { name: topics.events, holder: `relay-${relays}`, source, topics };
      const ports = { feed: store.feed, store, bus: kafka.bus, leases, clock };
      const running = new Relay(ports, { ...settings, batchSize: 50 }, observer).run(stop.signal);
      return {
        stop: () => {
          stop.abort();
          return running;
        },
      };
    },
    append: async (count) => {
      for (let at = 0; at < count; at += 1) {
        appended += 1;
        const isSystem = appended % 25 === 0;
        const account = `account-${appended % 17}`;
        const data = { number: appended, network: { dayTag: `tag-${appended % 5}` } };
        const draft = exampleDraft({ partitionKey: isSystem ? '*' : account, data });
        const stream = isSystem ? 'cutoffs' : account;
        await store.append({ stream, expected: 'any', events: [draft], guards: [] });
      }
    },
  };
}

/** Reads the topics as a stranger does, and compares them with the store. */
async function expectLedger({ store, topics }: Scene): Promise<void> {
  const audit = { events: store.log.events, partitions, source };
  const seen = await readCommitted(kafka.brokers, topics.events, recordCount(audit));
  expect(topicProblems(audit, seen)).toEqual([]);
  const network = await readCommitted(kafka.brokers, topics.network, audit.events.length);
  expect(networkProblems(audit, network)).toEqual([]);
}

async function untilPublished({ store, topics }: Scene, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  const publisher = kafka.bus.publisher({ name: `${topics.events}-watch`, transactionTimeoutMs: 5_000 });
  try {
    while (performance.now() < deadline) {
      const last = await publisher.lastRecords(topics.events).catch(() => []);
      const positions = last.map((record) => Number(record?.headers['ce_position'] ?? 0));
      if (Math.max(...positions) === store.log.events.length) return;
      await sleep(200);
    }
  } finally {
    await publisher.close();
  }
  throw new Error('the relay has not caught up');
}

describe('the relay on Kafka', () => {
  it('publishes the ledger, whole and in order, and goes on where another one ended', async () => {
    const scene = await newScene();
    await scene.append(300);
    const first = scene.start();
    await untilPublished(scene);
    await first.stop();
    await scene.append(200);
    const second = scene.start();
    await untilPublished(scene);
    await second.stop();
    await expectLedger(scene);
  }, 60_000);

  it('publishes each event once while three relays all believe in their lease', async () => {
    const scene = await newScene();
    const failures: string[] = [];
    const failed = (error: unknown): number => failures.push((error as Error).message);
    const relays = [scene.start({ failed }), scene.start({ failed }), scene.start({ failed })];
    for (let round = 0; round < 40; round += 1) {
      await scene.append(25);
      await sleep(100);
    }
    await Promise.all(relays.slice(1).map((relay) => relay.stop()));
    await untilPublished(scene);
    await relays[0]?.stop();
    expect(failures).toContain('fenced');
    await expectLedger(scene);
  }, 90_000);

  it('publishes each event once though the broker dies under it and comes back', async () => {
    const scene = await newScene();
    const relay = scene.start();
    const { broker } = kafka;
    for (let round = 0; round < 30; round += 1) {
      await scene.append(40);
      if (round === 10) await broker?.halt('SIGKILL');
      if (round === 20) await broker?.startAgain();
      await sleep(50);
    }
    await untilPublished(scene);
    await relay.stop();
    await expectLedger(scene);
  }, 120_000);
});
