// What the specs of consumers share: a ledger on a bus in memory.
import { exampleDraft, MemoryBus, MemoryConsumerCheckpoints, MemoryViewStore } from '@sallyport/testing';
import type { ReceivedRecord } from './bus.js';
import type { ConsumerPorts, ConsumerSettings } from './consumer-parts.js';
import type { ConsumerObserver, ConsumerWork } from './consumer-work.js';
import { EngineError } from './errors.js';
import type { RecordedEvent } from './event.js';
import { eventRecords } from './event-record.js';
import { parkingViews, placeText } from './parking.js';
import { partitionOf } from './partition-of.js';
import { ConsumerRunner } from './run-consumer.js';

export const [topic, deadLetters, source] = ['events', 'dead-letters', 'urn:example:ledger'];
export const partitions = 3;
const clock = { now: () => Date.UTC(2026, 10, 22) };

/** A ledger on a bus, the rows of whoever reads it, and what shall fail. */
export class Scene {
  readonly bus = new MemoryBus({ topics: { [topic]: partitions, [deadLetters]: 1 } });
  readonly views = new MemoryViewStore();
  readonly checkpoints = new MemoryConsumerCheckpoints(this.views);
  readonly events: RecordedEvent[] = [];
  /** Numbers of events that cannot be handled. */
  readonly poison = new Set<number>();
  /** Waited for between the reading of rows and their commit. */
  step: () => Promise<void> = async () => undefined;
  storeIsAway = false;
  failures: unknown[] = [];
  head: string | undefined;
  /** Where it is set: what the store says of a record that fails. */
  holds: ConsumerPorts['holds'];

  async add(key: string): Promise<void> {
    const at = this.events.length + 1;
    const event: RecordedEvent = {
      ...exampleDraft({ partitionKey: key, data: { number: at } }),
      stream: key,
      revision: at,
      position: String(at),
      recordedAt: '2026-11-22T00:00:00.000Z',
      hash: `hash-${at}`,
    };
    this.events.push(event);
    await this.bus.write(eventRecords(event, { topic, partitions, source }));
  }

  /** Counts what each account did: a row per account with the numbers in the order they were folded. */
  work(name = 'counter'): ConsumerWork {
    return {
      name,
      generation: 1,
      fold: async (_partition, events) => {
        if (this.storeIsAway) throw new EngineError('store_unavailable');
        const keys = events.map(({ partitionKey }) => partitionKey);
        const rows = await this.views.load(`counts-${name}`, 1, keys);
        await this.step();
        const seen = new Map([...rows].map(([key, { body }]) => [key, body['numbers'] as number[]]));
        for (const { partitionKey: key, data } of events) {
          if (this.poison.has(data['number'] as number)) throw new Error('poison');
          seen.set(key, [...(seen.get(key) ?? []), data['number'] as number]);
        }
        return [...seen].map(([key, numbers]) => {
          return { view: `counts-${name}`, key, row: { key, owner: 'all', body: { numbers } } };
        });
      },
    };
  }

  start(settings: Partial<ConsumerSettings> = {}, observer: ConsumerObserver = {}, name = 'counter') {
    const { bus, views, checkpoints, holds } = this;
    const head = this.head === undefined ? {} : { head: async () => this.head ?? null };
    const stop = new AbortController();
    const failed = (error: unknown): number => this.failures.push(error);
    const group = { topic, group: name, deadLetters, retryDelaysMs: [0, 0], failed, ...settings };
    const ports = { bus, views, checkpoints, clock, ...head, holds };
    const runner = new ConsumerRunner({ work: this.work(name), ports, settings: group, observer });
    const running = runner.run(stop.signal);
    return {
      runner,
      stop: () => {
        stop.abort();
        return running;
      },
    };
  }

  /** What is aside of the key. */
  aside(key: string, name = 'counter') {
    const place = placeText({ key, partition: partitionOf(key, partitions) });
    return this.views.list(parkingViews({ name }).records, 1, place);
  }

  async counts(name = 'counter'): Promise<Record<string, number[]>> {
    const rows = await this.views.list(`counts-${name}`, 1, 'all');
    return Object.fromEntries(rows.map(({ key, body }) => [key, body['numbers'] as number[]]));
  }

  /** What the rows have to say of these accounts: their events, once, in order. */
  expected(but: readonly string[] = []): Record<string, number[]> {
    const all: Record<string, number[]> = {};
    for (const { partitionKey: key, data } of this.events) {
      if (!but.includes(key)) (all[key] ??= []).push(data['number'] as number);
    }
    return all;
  }

  letters(): readonly ReceivedRecord[] {
    return this.bus.partitionsOf(deadLetters)[0] ?? [];
  }

  async untilRead(): Promise<void> {
    await until(async () => {
      const progress = await this.checkpoints.progress('counter', 1);
      return this.bus.partitionsOf(topic).every((records, partition) => {
        const last = BigInt(records.at(-1)?.offset ?? -1);
        return BigInt(progress.get(partition)?.nextOffset ?? 0) > last;
      });
    });
  }
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await holds()); turns += 1) {
    if (turns > 3_000) throw new Error('it did not come to pass');
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

export async function sceneOf(count: number): Promise<Scene> {
  const scene = new Scene();
  for (let at = 0; at < count; at += 1) await scene.add(`account-${at % 7}`);
  return scene;
}
