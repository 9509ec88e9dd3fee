// What the relay's specs share: a ledger that grows, relays that can be killed, and what a topic has to hold.
import { Bus, BusPublisher, EngineError, eventRecords } from '@sallyport/engine';
import type { BusPublisherOptions, BusRecord, Consumption, Leases, RecordedEvent } from '@sallyport/engine';
import { exampleDraft, MemoryBus, MemoryEventStore, SteppingClock } from '@sallyport/testing';
import { networkRecords } from './network-record.js';
import { Relay } from './relay.js';
import type { RelayObserver, RelaySettings } from './relay-ports.js';

export const topics = { events: 'events', network: 'network' };
export const source = 'urn:example:ledger';
export const partitions = 3;
export const clock = new SteppingClock();

/** A repeatable source of numbers below a limit (xorshift32). */
export function numbersFrom(seed: number): (limit: number) => number {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

export function newBus(options: Partial<MemoryBus['options']> = {}): MemoryBus {
  return new MemoryBus({ topics: { events: partitions, network: 2 }, ...options });
}

/** Appends an event of one of a few accounts, now and then one of the system, some from a network. */
export async function appendOne(store: MemoryEventStore, random: (limit: number) => number): Promise<void> {
  const account = random(8);
  const isSystem = account === 7;
  const network = random(3) === 0 ? { network: { dayTag: `tag-${random(4)}` } } : {};
  const draft = exampleDraft({
    partitionKey: isSystem ? '*' : `account-${account}`,
    personal: 'sealed-personal',
    credential: 'sealed-credential',
    data: { account, ...network },
  });
  const stream = isSystem ? 'cutoffs' : `account-${account}`;
  await store.append({ stream, expected: 'any', events: [draft], guards: [] });
}

export interface RunningRelay {
  /** Stops it as an operator does. */
  stop(): Promise<void>;
  /** Nothing of it happens any more, at whatever point it is. */
  kill(): void;
  /** Codes of what failed. */
  readonly failures: unknown[];
}

export interface RelayMakings {
  readonly store: MemoryEventStore;
  readonly bus: MemoryBus;
  readonly leases: Leases;
  readonly settings?: Partial<RelaySettings>;
  readonly observer?: RelayObserver;
}

let holders = 0;

export function startRelay({ store, bus, leases, settings, observer }: RelayMakings): RunningRelay {
  const stop = new AbortController();
  const power = new Power();
  holders += 1;
  const failures: unknown[] = [];
  const relay = new Relay(
    { feed: store.feed, store, bus: new PoweredBus(bus, power), leases, clock },
    {
      name: 'relay',
      holder: `relay-${holders}`,
      source,
      topics,
      batchSize: 4,
      firstRetryMs: 1,
      lastRetryMs: 3,
      ...settings,
    },
    {
      ...observer,
      failed: (error, retryInMs) => {
        failures.push(error instanceof EngineError ? error.code : error);
        observer?.failed?.(error, retryInMs);
      },
    },
  );
  const running = relay.run(stop.signal);
  return {
    failures,
    stop: () => {
      stop.abort();
      return running;
    },
    kill: () => {
      power.isOff = true;
      stop.abort();
    },
  };
}

/** A process that can be cut off: from then on whatever it waits for never comes. */
class Power {
  isOff = false;

  async on<T>(work: () => Promise<T>): Promise<T> {
    await this.check();
    const done = await work();
    await this.check();
    return done;
  }

  private async check(): Promise<void> {
    if (this.isOff) await new Promise(() => undefined);
  }
}

class PoweredBus extends Bus {
  constructor(
    private readonly bus: MemoryBus,
    private readonly power: Power,
  ) {
    super();
  }

  publisher(options: BusPublisherOptions): BusPublisher {
    return new PoweredPublisher(this.bus.publisher(options), this.power);
  }

  write(records: readonly BusRecord[]): Promise<void> {
    return this.bus.write(records);
  }

  readThrough(...reading: Parameters<Bus['readThrough']>): Promise<void> {
    return this.bus.readThrough(...reading);
  }

  consume(consumption: Consumption, signal: AbortSignal): Promise<void> {
    return this.bus.consume(consumption, signal);
  }

  partitions(topic: string): Promise<number> {
    return this.bus.partitions(topic);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}

class PoweredPublisher extends BusPublisher {
  constructor(
    private readonly publisher: BusPublisher,
    private readonly power: Power,
  ) {
    super();
  }

  open(): Promise<void> {
    return this.power.on(() => this.publisher.open());
  }

  partitions(topic: string): Promise<number> {
    return this.power.on(() => this.publisher.partitions(topic));
  }

  lastRecords(topic: string): ReturnType<BusPublisher['lastRecords']> {
    return this.power.on(() => this.publisher.lastRecords(topic));
  }

  publish(records: readonly BusRecord[]): Promise<void> {
    return this.power.on(() => this.publisher.publish(records));
  }

  close(): Promise<void> {
    return this.power.on(() => this.publisher.close());
  }
}

/** The records of the store's events in order, which is what readers of the topics have to find. */
export function expectedRecords(events: readonly RecordedEvent[]): BusRecord[] {
  return events.flatMap((event) => [
    ...eventRecords(event, { topic: topics.events, partitions, source }),
    ...networkRecords(event, { topic: topics.network, source }),
  ]);
}
