// Consumers on a real Kafka: each event once and in order, while members come, go, and lose their partitions.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConsumerRunner, eventRecords } from '@sallyport/engine';
import type { ConsumerObserver, ConsumerWork, RecordedEvent } from '@sallyport/engine';
import { exampleDraft, MemoryConsumerCheckpoints, MemoryViewStore } from '@sallyport/testing';
import { kafkaUnderTest } from './kafka-under-test.js';
import type { KafkaUnderTest } from './kafka-under-test.js';

const partitions = 6;
const accounts = 20;
const clock = { now: () => Date.now() };

let kafka: KafkaUnderTest;
beforeAll(async () => {
  kafka = await kafkaUnderTest();
}, 120_000);
afterAll(() => kafka.close(), 30_000);

/** Rows that say in which order each account's events came, in one store for all members. */
class Tally {
  readonly views = new MemoryViewStore();
  readonly checkpoints = new MemoryConsumerCheckpoints(this.views);
  private events = 0;

  constructor(
    readonly topic: string,
    readonly deadLetters: string,
  ) {}

  async publish(count: number): Promise<void> {
    const publisher = kafka.bus.publisher({ name: `${this.topic}-p`, transactionTimeoutMs: 10_000 });
    await publisher.open();
    for (let at = 0; at < count; at += 50) {
      const events = Array.from({ length: 50 }, () => this.nextEvent());
      const target = { topic: this.topic, partitions, source: 'urn:example' };
      await publisher.publish(events.flatMap((event) => eventRecords(event, target)));
      await sleep(20);
    }
    await publisher.close();
  }

  start(observer: ConsumerObserver = {}): { stop(): Promise<void> } {
    const { topic, deadLetters, views, checkpoints } = this;
    const work: ConsumerWork = {
      name: 'tally',
      generation: 1,
      fold: async (_partition, events) => {
        const keys = events.map(({ partitionKey }) => partitionKey);
        const rows = await views.load('tally', 1, keys);
        // As long as others need to take the partition meanwhile.
        await sleep(3);
        const seen = new Map([...rows].map(([key, { body }]) => [key, body['seen'] as number[]]));
        for (const { partitionKey: key, data } of events) {
          seen.set(key, [...(seen.get(key) ?? []), data['number'] as number]);
        }
        return [...seen].map(([key, numbers]) => {
          return { view: 'tally', key, row: { key, owner: 'all', body: { seen: numbers } } };
        });
      },
    };
    const stop = new AbortController();
    const ports = { bus: kafka.bus, views, checkpoints, clock };
    const settings = { topic, group: `${topic}-group`, deadLetters };
    const running = new ConsumerRunner({ work, ports, settings, observer }).run(stop.signal);
    return {
      stop: () => {
        stop.abort();
        return running;
      },
    };
  }

  async expectAll(): Promise<void> {
    const deadline = performance.now() + 40_000;
    let counted: Record<string, number[]> = {};
    while (performance.now() < deadline) {
      const rows = await this.views.list('tally', 1, 'all');
      counted = Object.fromEntries(rows.map(({ key, body }) => [key, body['seen'] as number[]]));
      if (Object.values(counted).flat().length >= this.events) break;
      await sleep(100);
    }
    const expected: Record<string, number[]> = {};
    for (let number = 1; number <= this.events; number += 1) {
      (expected[`account-${number % accounts}`] ??= []).push(number);
    }
    expect(counted).toEqual(expected);
  }

  private nextEvent(): RecordedEvent {
    this.events += 1;
    const stream = `account-${this.events % accounts}`;
    return {
      ...exampleDraft({ partitionKey: stream, data: { number: this.events } }),
      stream,
      revision: this.events,
      position: String(this.events),
      recordedAt: new Date().toISOString(),
      hash: 'hash',
    };
  }
}

async function newTally(): Promise<Tally> {
  return new Tally(await kafka.makeTopic(partitions), await kafka.makeTopic(1));
}

describe('consumers on Kafka', () => {
  it('handle each event once and in order while members come and go under load', async () => {
    const tally = await newTally();
    const members = [tally.start()];
    const publishing = tally.publish(4_000);
    for (let round = 0; round < 4; round += 1) {
      await sleep(1_000);
      members.push(tally.start());
      if (round % 2 === 1) void members.shift()?.stop();
    }
    await publishing;
    await tally.expectAll();
    await Promise.all(members.map((member) => member.stop()));
  }, 90_000);

  it('go on from their own checkpoints, whatever the group has committed', async () => {
    const tally = await newTally();
    await tally.publish(500);
    const first = tally.start();
    await tally.expectAll();
    await first.stop();
    // As after a restore of the views: the group is at the end, the rows are at the beginning.
    await tally.checkpoints.reset('tally', 1, ['tally']);
    const second = tally.start();
    await tally.expectAll();
    await second.stop();
  }, 60_000);

  it('lose nothing to somebody who takes a partition behind their back', async () => {
    const tally = await newTally();
    const member = tally.start();
    const publishing = tally.publish(1_500);
    for (let round = 0; round < 5; round += 1) {
      await sleep(300);
      await tally.checkpoints.assign('tally', 1, round % partitions);
    }
    await publishing;
    await tally.expectAll();
    await member.stop();
  }, 60_000);

  it('need no hand when the broker dies and comes back', async () => {
    const tally = await newTally();
    const member = tally.start();
    await tally.publish(500);
    await kafka.broker?.halt('SIGKILL');
    await sleep(1_000);
    await kafka.broker?.startAgain();
    await tally.publish(500);
    await tally.expectAll();
    await member.stop();
  }, 90_000);
});
