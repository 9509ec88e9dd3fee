// The relay on a bus in memory: each event once and in order, whatever is killed, lost or believed.
import { partitionOf } from '@sallyport/engine';
import type { BusRecord, ReceivedRecord } from '@sallyport/engine';
import { LeasesForAll, MemoryEventStore, MemoryLeases, type MemoryBus } from '@sallyport/testing';
import fc from 'fast-check';
import { appendOne, clock, expectedRecords, newBus, numbersFrom } from './spec-examples.js';
import { startRelay, topics, type RelayMakings } from './spec-examples.js';
import type { RelayProgress } from './relay-ports.js';

const plain = ({ key, headers, value }: BusRecord) => ({ key, headers, value });

/** What differs between the topics and what they have to hold; nothing when nothing does. */
function expectTopics(bus: MemoryBus, store: MemoryEventStore): void {
  const expected = expectedRecords(store.log.events);
  for (const [topic, held] of bus.topics) {
    for (const [partition, records] of held.entries()) {
      const here = expected.filter((record) => {
        const place = record.partition ?? partitionOf(record.key, held.length);
        return record.topic === topic && place === partition;
      });
      expect(records.map(plain)).toEqual(here.map(plain));
    }
  }
  const published = bus.transactions.flat().filter(({ topic }) => topic === topics.events);
  const positions = published.map(({ headers }) => Number(headers['ce_position']));
  const inOrder = [...new Set(positions)];
  expect(inOrder).toEqual(store.log.events.map(({ position }) => Number(position)));
}

async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns += 1) {
    if (turns > 4_000) throw new Error('it did not come to pass');
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

function isCaughtUp(bus: MemoryBus, store: MemoryEventStore): boolean {
  const last = bus.transactions.at(-1)?.at(-1)?.headers['ce_position'];
  return last === store.log.events.at(-1)?.position;
}

async function filled(count: number, seed = 7): Promise<MemoryEventStore> {
  const store = new MemoryEventStore(clock);
  const random = numbersFrom(seed);
  for (let at = 0; at < count; at += 1) await appendOne(store, random);
  return store;
}

function makings(store: MemoryEventStore, fields: Partial<RelayMakings> = {}): RelayMakings {
  return { store, bus: newBus(), leases: new MemoryLeases(clock), ...fields };
}

describe('a relay', () => {
  it('takes along all that came while a batch was on its way', async () => {
    const store = await filled(1);
    const made = makings(store);
    const random = numbersFrom(3);
    const { feed } = store;
    const read = feed.read.bind(feed);
    feed.read = async (...asked) => {
      const events = await read(...asked);
      if (events.length > 0 && made.bus.transactions.length === 0) await appendOne(store, random);
      feed.read = read;
      return events;
    };
    const publisher = made.bus.publisher.bind(made.bus);
    made.bus.publisher = (options) => {
      const opened = publisher(options);
      const publish = opened.publish.bind(opened);
      opened.publish = async (records) => {
        if (made.bus.transactions.length === 0) await appendOne(store, random);
        return publish(records);
      };
      return opened;
    };
    const relay = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    await relay.stop();
    expectTopics(made.bus, store);
    expect(made.bus.transactions.length).toBe(2);
  });

  it('publishes all there is and all that comes, each once, in transactions of neighbours', async () => {
    const store = await filled(50);
    const made = makings(store);
    const relay = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    await appendOne(store, numbersFrom(3));
    await until(() => isCaughtUp(made.bus, store));
    await relay.stop();
    expectTopics(made.bus, store);
    expect(relay.failures).toEqual([]);
  });

  it('relays the personal part as it is sealed, to the events only, and a credential never', async () => {
    const store = await filled(40);
    const made = makings(store);
    const relay = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    await relay.stop();
    const textOf = (topic: string): string => JSON.stringify(made.bus.topics.get(topic));
    expect(textOf(topics.events)).toContain('sealed-personal');
    expect(textOf(topics.network)).toContain('ce_position');
    expect(textOf(topics.network)).not.toContain('sealed-personal');
    expect(textOf(topics.events) + textOf(topics.network)).not.toContain('sealed-credential');
  });

  it('stands by while another has the lease, and goes on where that one ended when it stops', async () => {
    const store = await filled(20);
    const made = makings(store, { settings: { leaseTtlMs: 20 } });
    const first = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    const roles: string[] = [];
    const second = startRelay({ ...made, observer: { stands: (role) => roles.push(role) } });
    await until(() => roles.includes('standby'));
    await first.stop();
    await appendOne(store, numbersFrom(5));
    await until(() => isCaughtUp(made.bus, store));
    await second.stop();
    expect(roles.at(-1)).toBe('leading');
    expectTopics(made.bus, store);
  });

  it('publishes nothing more once it is fenced, and not before it has a lease again', async () => {
    const store = await filled(10);
    const leases = new MemoryLeases(clock);
    const made = makings(store, { leases, settings: { leaseTtlMs: 60_000, holder: 'one' } });
    const relay = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    // Somebody else has both, the lease and the name on the bus.
    await leases.release({ name: 'relay', holder: 'one', epoch: 1, expiresAt: 0 });
    await leases.take('relay', 'other', 60_000);
    const transactions = made.bus.transactions.length;
    made.bus.fence('relay');
    await appendOne(store, numbersFrom(5));
    await until(() => relay.failures.length > 0);
    await relay.stop();
    expect(relay.failures).toEqual(['fenced']);
    expect(made.bus.transactions).toHaveLength(transactions);
  });

  it('stops when its lease is not renewed, though nobody fences it', async () => {
    const store = await filled(3);
    const leases = new MemoryLeases(clock);
    const roles: string[] = [];
    const observer = { stands: (role: string) => roles.push(role) };
    const made = makings(store, { leases, settings: { leaseTtlMs: 30, holder: 'one' }, observer });
    const relay = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    await leases.release({ name: 'relay', holder: 'one', epoch: 1, expiresAt: 0 });
    await leases.take('relay', 'other', 60_000);
    await until(() => roles.at(-1) === 'standby');
    await appendOne(store, numbersFrom(5));
    await relay.stop();
    expect(isCaughtUp(made.bus, store)).toBe(false);
  });

  it('publishes nothing on a topic that ends with what its store does not hold', async () => {
    const other = makings(await filled(12, 99));
    const before = startRelay(other);
    await until(() => isCaughtUp(other.bus, other.store));
    await before.stop();
    const transactions = other.bus.transactions.length;
    for (const store of [await filled(5), await filled(30)]) {
      const relay = startRelay({ ...other, store });
      await until(() => relay.failures.length > 0);
      await relay.stop();
      expect(new Set(relay.failures)).toEqual(new Set(['bus_diverged']));
    }
    expect(other.bus.transactions).toHaveLength(transactions);
  });

  it('says how far it is', async () => {
    const store = await filled(9);
    const told: RelayProgress[] = [];
    const counts: number[] = [];
    const observer = {
      progressed: (progress: RelayProgress) => told.push(progress),
      published: ({ events }: { events: number }) => counts.push(events),
    };
    const made = makings(store, { observer });
    const relay = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    await relay.stop();
    expect(told[0]).toMatchObject({ position: '4', lagEvents: 5 });
    expect(counts).toEqual([4, 4, 1]);
  });

  it('waits for a bus, a store and leases that are away', async () => {
    const store = await filled(6);
    const leases = new FlakyLeases(clock);
    const made = makings(store, { leases });
    leases.unavailable = true;
    const relay = startRelay(made);
    await until(() => relay.failures.length > 2);
    made.bus.unavailable = true;
    leases.unavailable = false;
    await until(() => relay.failures.includes('bus_unavailable'));
    store.unavailable = true;
    made.bus.unavailable = false;
    await until(() => relay.failures.includes('store_unavailable'));
    store.unavailable = false;
    await until(() => isCaughtUp(made.bus, store));
    await relay.stop();
    expectTopics(made.bus, store);
  });
});

class FlakyLeases extends MemoryLeases {
  unavailable = false;

  override async take(...asked: Parameters<MemoryLeases['take']>): ReturnType<MemoryLeases['take']> {
    if (this.unavailable) throw new Error('leases are away');
    return super.take(...asked);
  }
}

describe('relays that all believe in their lease', () => {
  it('publish each event once and in order, through kills and lost answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
        await ordeal(seed);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

/** Three relays on one bus: some are killed and replaced, answers get lost; at the end one catches up. */
async function ordeal(seed: number): Promise<void> {
  const random = numbersFrom(seed);
  const store = new MemoryEventStore(clock);
  let isCalm = false;
  const step = async (): Promise<void> => {
    for (let turns = isCalm ? 0 : random(4); turns > 0; turns -= 1) await turn();
  };
  const faults = ['answer-lost', 'commit-lost', 'away'] as const;
  const fault = () => (isCalm ? undefined : faults[random(20)]);
  const bus = newBus({ step, fault });
  const made: RelayMakings = { store, bus, leases: new LeasesForAll() };
  const relays = [startRelay(made), startRelay(made), startRelay(made)];
  for (let at = 0; at < 60; at += 1) {
    await appendOne(store, random);
    for (let turns = random(5); turns > 0; turns -= 1) await turn();
    if (random(12) === 0) {
      relays.shift()?.kill();
      relays.push(startRelay(made));
    }
  }
  isCalm = true;
  await Promise.all(relays.slice(1).map((relay) => relay.stop()));
  await until(() => isCaughtUp(bus, store));
  await relays[0]?.stop();
  expectTopics(bus, store);
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('the checks of this spec', () => {
  it('see a record left out, one too many and two exchanged', async () => {
    const store = await filled(20);
    const made = makings(store);
    const relay = startRelay(made);
    await until(() => isCaughtUp(made.bus, store));
    await relay.stop();
    const records = made.bus.topics.get(topics.events)?.[0] as ReceivedRecord[];
    const [first, second, ...rest] = records as [ReceivedRecord, ReceivedRecord, ...ReceivedRecord[]];
    for (const wrong of [[second, ...rest], [first, first, second, ...rest], [second, first, ...rest]]) {
      made.bus.topics.set(topics.events, [wrong, ...(made.bus.topics.get(topics.events)?.slice(1) ?? [])]);
      expect(() => expectTopics(made.bus, store)).toThrow();
    }
  });
});
