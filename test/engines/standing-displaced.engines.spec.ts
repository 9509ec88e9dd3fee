// What fencing is for, on a real Kafka that compacts: a writer that was displaced and writes late.
import { KafkaBus } from '@sallyport/adapter-kafka';
import { eventRecords } from '@sallyport/engine';
import type { ReceivedRecord } from '@sallyport/engine';
import { StandingWriter } from '@sallyport/feature-standing';
import { StandingReader } from '@sallyport/standing-reader';
import { RandomWorld } from '@sallyport/testing';
import type { ActKind } from '@sallyport/testing';
import { Kafka, logLevel } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DrivenBus } from '../standing/spec-examples.js';
import { KafkaBroker } from './kafka.js';

/** So that a topic is compacted while a spec waits. */
const eager = {
  'log.cleaner.backoff.ms': '200',
  'log.initial.task.delay.ms': '100',
  'log.cleaner.min.cleanable.ratio': '0.001',
};
const settings = {
  'cleanup.policy': 'compact',
  'segment.ms': '200',
  'min.cleanable.dirty.ratio': '0.001',
  'min.compaction.lag.ms': '0',
};
const sessionId = 'a0-s0';

let kafka: KafkaBroker;
let bus: KafkaBus;
beforeAll(async () => {
  kafka = await KafkaBroker.start({ properties: eager });
  bus = new KafkaBus({ brokers: kafka.brokers, clientId: 'spec' });
}, 120_000);
afterAll(async () => {
  await bus?.close();
  await kafka?.stop();
}, 30_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.stop(), 30_000);

/** A ledger of one session, and the topic that writers keep of it. */
class Scene {
  readonly world = new RandomWorld();
  private readonly stopping = new AbortController();
  readonly topic = `standing-${Math.random().toString(36).slice(2)}`;
  private readonly records: ReceivedRecord[] = [];
  private readonly running: Promise<void>[] = [];

  async begin(): Promise<void> {
    const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const { topic } = this;
    const topics = [{ topic, numPartitions: 1, configEntries }];
    await admin.createTopics({ waitForLeaders: true, topics });
    await admin.disconnect();
    await this.happens('open', 'link', 'start');
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  async happens(...kinds: ActKind[]): Promise<void> {
    for (const kind of kinds) await this.world.act({ kind, who: 0, which: 0 });
    const target = { topic: 'events', partitions: 1, source: 'urn:example:ledger' };
    for (const event of this.world.store.log.events.slice(this.records.length)) {
      const [record] = eventRecords(event, target);
      const offset = String(this.records.length);
      this.records.push({ ...(record as ReceivedRecord), partition: 0, offset });
    }
  }

  /** A writer of the one partition; `gate` is waited for before each of its writes. */
  async writer(name: string, gate?: () => Promise<void>) {
    const driven = new DrivenBus(bus, gate);
    const topics = { events: 'events', standing: this.topic, deadLetters: 'letters' };
    const ports = { bus: driven, ledger: this.world.store.feed, clock: { now: () => this.world.nowMs } };
    const writer = new StandingWriter(ports, { topics, group: 'g', name });
    this.running.push(writer.run(this.stopping.signal));
    let next = Number(await driven.handler?.assigned(0)) || 0;
    return {
      work: async () => {
        this.world.nowMs += 1_000;
        const records = this.records.slice(next);
        next = this.records.length;
        const batch = { topic: 'events', partition: 0, records, nextOffset: String(next), lag: 0 };
        if (records.length > 0) await driven.handler?.handle(batch, async () => undefined);
        else await driven.handler?.idle(0);
        await writer.look();
      },
    };
  }

  /** The topic as it is now. */
  async read(): Promise<ReceivedRecord[]> {
    const seen: ReceivedRecord[] = [];
    const reading = { topic: this.topic, partitions: [0], name: 'fresh' };
    await bus.readThrough(reading, (records) => seen.push(...records));
    return seen;
  }

  async freshStanding(): Promise<string> {
    const clock = { now: () => this.world.nowMs };
    const reader = new StandingReader({ clock, maxAgeSeconds: Number.POSITIVE_INFINITY });
    const records = await this.read();
    const nextOffset = String(BigInt(records.at(-1)?.offset ?? -1) + 1n);
    reader.take({ topic: this.topic, partition: 0, records, nextOffset, lag: 0 });
    return reader.sessionStanding(sessionId).status;
  }

  /** What was committed just now is there to read a moment later. */
  private async untilSeen(status: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while ((await this.freshStanding()) !== status) {
      if (performance.now() > deadline) throw new Error(`the session is never seen to be ${status}`);
      await sleep(50);
    }
  }

  /** Beats until the broker has thrown out all but the last of the records of the session. */
  async compacted(owner: { work(): Promise<void> }): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (performance.now() < deadline) {
      await owner.work();
      const records = await this.read();
      if (records.filter(({ key }) => key === `session:${sessionId}`).length <= 1) return;
      await sleep(250);
    }
    throw new Error('the topic was not compacted');
  }

  /** The first writer's write is on its way when the second takes over and writes the end of the session. */
  async displace(names: readonly [string, string]) {
    await this.begin();
    let open = (): void => undefined;
    let gate = Promise.resolve();
    const first = await this.writer(names[0], () => gate);
    await first.work();
    await first.work();
    await this.untilSeen('active');
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await this.happens('refresh');
    const late = first.work();
    late.catch(() => undefined);
    await this.happens('end');
    const owner = await this.writer(names[1]);
    await owner.work();
    await owner.work();
    await this.untilSeen('ended');
    open();
    return { late, owner };
  }
}

describe('a writer of standings that was displaced', () => {
  it('cannot write late, so that nobody who reads the compacted topic finds the session alive', async () => {
    const { late, owner } = await scene.displace(['standing-0', 'standing-0']);
    await expect(late).rejects.toMatchObject({ code: 'fenced' });
    expect(await scene.freshStanding()).toBe('ended');
    await scene.compacted(owner);
    expect(await scene.freshStanding()).toBe('ended');
  }, 120_000);

  it('would bring it back under a name of its own: compaction keeps the late record', async () => {
    const { late, owner } = await scene.displace(['mine', 'yours']);
    await late;
    await scene.compacted(owner);
    expect(await scene.freshStanding()).toBe('active');
  }, 120_000);
});
