// A ledger, a relay that may stand still, a bus in memory, and writers whose every step the spec decides.
import { foldOf, noCutoffs, sessionStanding } from '@sallyport/core-session';
import type { AccountState, CutoffsState, SessionState, Standing } from '@sallyport/core-session';
import { Bus, comparePositions, eventRecords, partitionOf } from '@sallyport/engine';
import type { BatchHandler, BusPublisher, BusPublisherOptions, BusRecord } from '@sallyport/engine';
import type { BusReading, Consumption, Position, ReceivedRecord } from '@sallyport/engine';
import { StandingWriter } from '@sallyport/feature-standing';
import { StandingReader } from '@sallyport/standing-reader';
import { MemoryBus, RandomWorld } from '@sallyport/testing';
import type { MemoryBusOptions } from '@sallyport/testing';

export const partitions = 3;
export const topics = { events: 'events', standing: 'standing', deadLetters: 'letters' };
export const retentionMs = 3_600_000;

/** A bus as one writer has it: whose turn it is, the spec says, and when its writes go out. */
export class DrivenBus extends Bus {
  handler: BatchHandler | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly gate: () => Promise<void> = async () => undefined,
  ) {
    super();
  }

  publisher(options: BusPublisherOptions): BusPublisher {
    const publisher = this.bus.publisher(options);
    const publish = publisher.publish.bind(publisher);
    publisher.publish = async (records) => {
      await this.gate();
      await publish(records);
    };
    return publisher;
  }

  write(records: readonly BusRecord[]): Promise<void> {
    return this.bus.write(records);
  }

  partitions(topic: string): Promise<number> {
    return this.bus.partitions(topic);
  }

  readThrough(reading: BusReading, take: (records: readonly ReceivedRecord[]) => void): Promise<void> {
    return this.bus.readThrough(reading, take);
  }

  async consume({ handler }: Consumption, signal: AbortSignal): Promise<void> {
    this.handler = handler;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }

  async close(): Promise<void> {}
}

/** A writer that believes in partitions, rightly or not. */
export class DrivenWriter {
  readonly failures: unknown[] = [];
  private readonly bus: DrivenBus;
  private readonly writer: StandingWriter;
  private readonly stopping = new AbortController();
  /** Where it reads on, by partition; absent after a failure. */
  private readonly next = new Map<number, bigint>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly scene: Scene) {
    this.bus = new DrivenBus(scene.bus);
    const clock = { now: () => scene.world.nowMs };
    const ports = { bus: this.bus, ledger: scene.world.store.feed, clock };
    const settings = { topics, group: 'standing', name: 'standing', retentionMs };
    this.writer = new StandingWriter(ports, settings);
    void this.writer.run(this.stopping.signal);
    scene.writers.push(this);
  }

  look(): Promise<void> {
    return this.inTurn(() => this.writer.look());
  }

  assign(partition: number): Promise<void> {
    return this.inTurn(async () => {
      this.next.delete(partition);
      this.next.set(partition, BigInt((await this.bus.handler?.assigned(partition)) ?? 0));
    });
  }

  /** Takes up to `count` records that are new to it, or beats where there are none. */
  work(partition: number, count: number): Promise<void> {
    return this.inTurn(async () => {
      const from = this.next.get(partition);
      if (from === undefined) return;
      this.next.delete(partition);
      const all = this.scene.bus.partitionsOf(topics.events)[partition] ?? [];
      const rest = all.filter(({ offset }) => BigInt(offset) >= from);
      const records = rest.slice(0, count);
      const next = records.length === 0 ? from : BigInt(records.at(-1)?.offset ?? 0) + 1n;
      if (records.length === 0) await this.bus.handler?.idle(partition);
      else {
        const lag = rest.length - records.length;
        const batch = { topic: topics.events, partition, records, nextOffset: String(next), lag };
        await this.bus.handler?.handle(batch, async () => undefined);
      }
      this.next.set(partition, next);
    });
  }

  /** Until it has done what it was told. */
  async idle(): Promise<void> {
    await this.last;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.last;
  }

  private inTurn(work: () => Promise<unknown>): Promise<void> {
    const done = this.last.then(work).then(
      () => undefined,
      (error: unknown) => void this.failures.push(error),
    );
    this.last = done;
    return done;
  }
}

export class Scene {
  readonly world = new RandomWorld();
  readonly bus: MemoryBus;
  readonly writers: DrivenWriter[] = [];
  private relayed = 0;

  constructor(options: Partial<MemoryBusOptions> = {}) {
    const counts = { [topics.events]: partitions, [topics.standing]: partitions, [topics.deadLetters]: 1 };
    this.bus = new MemoryBus({ topics: counts, ...options });
  }

  async stop(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
  }

  /** Puts the next events of the ledger on the bus. */
  async relay(count = Number.POSITIVE_INFINITY): Promise<void> {
    const events = this.world.store.log.events.slice(this.relayed, this.relayed + count);
    this.relayed += events.length;
    const target = { topic: topics.events, partitions, source: 'urn:example:ledger' };
    for (const event of events) await this.bus.write(eventRecords(event, target));
  }

  /** As a broker compacts: the last record of each key stays. */
  compact(): void {
    const all = this.bus.partitionsOf(topics.standing);
    for (const [partition, records] of all.entries()) {
      const last = new Map(records.map((record) => [record.key, record]));
      all[partition] = records.filter((record) => last.get(record.key) === record);
    }
  }

  /** Somebody who reads the topic from its beginning, now. */
  freshReader(maxAgeSeconds = Number.POSITIVE_INFINITY): StandingReader {
    const reader = new StandingReader({ clock: { now: () => this.world.nowMs }, maxAgeSeconds });
    for (const [partition, records] of this.bus.partitionsOf(topics.standing).entries()) {
      const nextOffset = String(BigInt(records.at(-1)?.offset ?? -1) + 1n);
      reader.take({ topic: topics.standing, partition, records, nextOffset, lag: 0 });
    }
    return reader;
  }
}

export function partitionOfSession(sessionId: string): number {
  return partitionOf(sessionId.slice(0, 2), partitions);
}

/** The session's standing by a replay of the ledger up to the position; undefined before it began. */
export function replayed(
  { store, nowMs }: RandomWorld,
  sessionId: string,
  position: Position | null,
): Standing | undefined {
  const states = new Map<string, unknown>();
  for (const event of store.log.events) {
    if (comparePositions(event.position, position) > 0) break;
    const fold = foldOf(event.stream);
    if (fold === undefined) continue;
    const before = states.has(event.stream) ? states.get(event.stream) : fold.initial;
    states.set(event.stream, fold.evolve(before, event, event.revision));
  }
  const session = states.get(`session-${sessionId}`) as SessionState | undefined;
  if (session === undefined) return undefined;
  const account = states.get(`account-${session.accountId}`) as AccountState | undefined;
  const cutoffs = (states.get('cutoffs') as CutoffsState | undefined) ?? noCutoffs;
  return sessionStanding({ sessionId, session, account, cutoffs }, nowMs);
}
