// What every bus must keep: one test per sentence of the ports `BusPublisher` and `Bus`, in their order.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionOf } from '@sallyport/engine';
import type { Bus, BusBatch, BusPublisher, BusRecord } from '@sallyport/engine';

export interface BusUnderTest {
  readonly bus: Bus;
  /** Makes a topic of so many partitions that is empty, and answers its name. */
  makeTopic(partitions: number): Promise<string>;
  close(): Promise<void>;
}

const transactionTimeoutMs = 10_000;
let made = 0;

/** A record with a number; records of one key are in one partition. */
export function exampleRecord(topic: string, key: string, fields: Partial<BusRecord> = {}): BusRecord {
  made += 1;
  const headers = { ce_position: String(made), text: 'ä' };
  return { topic, key, headers, value: `{"n":${made}}`, ...fields };
}

export function describeBusContract(name: string, makeBus: () => Promise<BusUnderTest>): void {
  describe(`${name} keeps the contract of Bus`, () => {
    let under: BusUnderTest;
    beforeAll(async () => {
      under = await makeBus();
    }, 90_000);
    afterAll(() => under.close());
    describe('a publisher', () => describePublisher(() => under));
    describe('a reading', () => describeReading(() => under));
    it('knows the number of partitions of a topic', async () => {
      const topic = await under.makeTopic(3);
      expect(await under.bus.partitions(topic)).toBe(3);
    });
    describe('a member of a group', () => describeMember(() => under));
  });
}

function describePublisher(under: () => BusUnderTest): void {
  it('knows the number of partitions, and that an empty one has no last record', async () => {
    const topic = await under().makeTopic(3);
    await withPublisher(under().bus, async (publisher) => {
      expect(await publisher.partitions(topic)).toBe(3);
      expect(await publisher.lastRecords(topic)).toEqual([null, null, null]);
    });
  });

  it('puts records where key or partition says, and tells the last of each partition', async () => {
    const topic = await under().makeTopic(4);
    const records = ['a', 'b', 'c', 'd', 'e'].map((key) => exampleRecord(topic, key));
    const everywhere = [0, 1, 2].map((partition) => exampleRecord(topic, '*', { partition }));
    const publish: Use = async (publisher) => {
      await publisher.publish(records);
      await publisher.publish(everywhere);
    };
    const check: Use = async (publisher) => {
      const last = await publisher.lastRecords(topic);
      const inFourth = records.filter(({ key }) => partitionOf(key, 4) === 3).at(-1);
      expect(last.map((record) => record?.value)).toEqual([
        ...everywhere.map(({ value }) => value),
        inFourth?.value,
      ]);
      expect(last[0]).toMatchObject({ key: '*', headers: everywhere[0]?.headers, partition: 0 });
    };
    const name = newName();
    await withPublisher(under().bus, publish, name);
    await withPublisher(under().bus, check, name);
  });

  it('publishes nothing at all after another of its name was opened', async () => {
    const topic = await under().makeTopic(2);
    const name = newName();
    await withPublisher(under().bus, async (first) => {
      await first.publish([exampleRecord(topic, 'a')]);
      await withPublisher(under().bus, async (second) => {
        await expect(first.publish([exampleRecord(topic, 'a')])).rejects.toMatchObject({ code: 'fenced' });
        await second.publish([exampleRecord(topic, 'b')]);
      }, name);
    }, name);
    const seen = await readAll(under().bus, topic, { count: 2 });
    expect(seen.map(({ key }) => key).sort()).toEqual(['a', 'b']);
  });

  it('leaves one of another name alone', async () => {
    const topic = await under().makeTopic(1);
    await withPublisher(under().bus, async (first) => {
      await withPublisher(under().bus, (second) => second.publish([exampleRecord(topic, 'a')]));
      await first.publish([exampleRecord(topic, 'b')]);
    });
    expect((await readAll(under().bus, topic, { count: 2 })).map(({ key }) => key)).toEqual(['a', 'b']);
  });
}

function describeReading(under: () => BusUnderTest): void {
  it('takes the partitions it names from the oldest record to the end, in order', async () => {
    const topic = await under().makeTopic(3);
    const of = (partition: number) => exampleRecord(topic, `key-${partition}`, { partition });
    const first = [of(0), of(1), of(0)];
    const last = [of(2), of(0)];
    const name = newName();
    await withPublisher(
      under().bus,
      async (publisher) => {
        await publisher.publish(first);
        await publisher.publish(last);
      },
      name,
    );
    const seen: BusRecord[] = [];
    await withPublisher(
      under().bus,
      async () => {
        const reading = { topic, partitions: [0, 2], name };
        await under().bus.readThrough(reading, (records) => seen.push(...records));
      },
      name,
    );
    const expected = (wanted: number) => [...first, ...last].filter(({ partition }) => partition === wanted);
    for (const partition of [0, 2]) {
      const here = seen.filter((record) => record.partition === partition);
      expect(here.map(({ value }) => value)).toEqual(expected(partition).map(({ value }) => value));
    }
    expect(seen.filter(({ partition }) => partition === 1)).toEqual([]);
  });

  it('takes nothing of partitions that are empty', async () => {
    const topic = await under().makeTopic(2);
    const seen: BusRecord[] = [];
    await under().bus.readThrough({ topic, partitions: [0, 1], name: newName() }, (one) => seen.push(...one));
    expect(seen).toEqual([]);
  });
}

function describeMember(under: () => BusUnderTest): void {
  it('reads each partition in order from the offset its handler names', async () => {
    const topic = await under().makeTopic(2);
    const records = Array.from({ length: 40 }, (_, at) => exampleRecord(topic, `k${at % 5}`));
    await withPublisher(under().bus, async (publisher) => {
      for (let at = 0; at < 40; at += 8) await publisher.publish(records.slice(at, at + 8));
    });
    const seen = await readAll(under().bus, topic, { count: 40 });
    const inPartition = (partition: number) => ({ key }: BusRecord) => partitionOf(key, 2) === partition;
    for (const partition of [0, 1]) {
      const sent = records.filter(inPartition(partition));
      const read = seen.filter((record) => record.partition === partition);
      expect(read.map(({ value }) => value)).toEqual(sent.map(({ value }) => value));
    }
    const middle = seen.filter(({ partition }) => partition === partitionOf('k0', 2))[3];
    const from = { [middle?.partition ?? 0]: middle?.offset ?? '0' };
    const again = await readAll(under().bus, topic, { count: 40 - 3, from });
    expect(again.find(({ partition }) => partition === middle?.partition)).toEqual(middle);
  });

  it('is given the partition again, and the records with it, when its handler failed', async () => {
    const topic = await under().makeTopic(1);
    await under().bus.write([exampleRecord(topic, 'a')]);
    const stop = new AbortController();
    let assigned = 0;
    let handled = 0;
    const failures: unknown[] = [];
    const consuming = under().bus.consume(
      {
        topic,
        group: newName(),
        failed: (error) => failures.push(error),
        handler: {
          assigned: async () => {
            assigned += 1;
            return null;
          },
          handle: async () => {
            handled += 1;
            if (handled === 1) throw new Error('the first time');
            stop.abort();
          },
          idle: async () => undefined,
        },
      },
      stop.signal,
    );
    await consuming;
    expect({ assigned: assigned >= 2, handled }).toEqual({ assigned: true, handled: 2 });
    expect(failures).toHaveLength(1);
  });

  it('has its handler called while nothing comes', async () => {
    const topic = await under().makeTopic(1);
    const stop = new AbortController();
    const handler = {
      assigned: async () => null,
      handle: async () => undefined,
      idle: async () => stop.abort(),
    };
    await under().bus.consume({ topic, group: newName(), handler }, stop.signal);
    expect(stop.signal.aborted).toBe(true);
  });
}

function newName(): string {
  made += 1;
  return `example-${made}-${Math.random().toString(36).slice(2)}`;
}

type Use = (publisher: BusPublisher) => Promise<void>;

async function withPublisher(bus: Bus, use: Use, name = newName()): Promise<void> {
  const publisher = bus.publisher({ name, transactionTimeoutMs });
  try {
    await publisher.open();
    await use(publisher);
  } finally {
    await publisher.close();
  }
}

/** Reads as a new group until `count` records have come, in the order they came. */
async function readAll(
  bus: Bus,
  topic: string,
  { count, from = {} }: { readonly count: number; readonly from?: Readonly<Record<number, string>> },
): Promise<BusBatch['records'][number][]> {
  const seen: BusBatch['records'][number][] = [];
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), 15_000);
  const handler = {
    assigned: async (partition: number) => from[partition] ?? null,
    handle: async ({ records }: BusBatch) => {
      seen.push(...records);
      if (seen.length >= count) stop.abort();
    },
    idle: async () => undefined,
  };
  await bus.consume({ topic, group: newName(), handler }, stop.signal);
  clearTimeout(limit);
  return seen;
}
