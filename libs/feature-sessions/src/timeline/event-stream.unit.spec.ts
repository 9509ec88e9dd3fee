// What a stream promises: each event once, in order, while its reader may know, no more than it reads.
import { Writable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { RecordedEvent } from '@sallyport/engine';
import { MemoryEventStore } from '@sallyport/testing';
import { EventConnection } from './event-connection.js';
import { LedgerSource, Pace } from './event-sources.js';
import type { SourceParts } from './event-sources.js';
import { EventStream } from './event-stream.js';
import type { StreamParts } from './event-stream.js';
import { EventTail } from './event-tail.js';
import type { StreamEndReason } from './stream-end.js';

const clock = { now: () => Date.parse('2026-11-22T12:00:00.000Z') };

async function append(store: MemoryEventStore, stream: string, count = 1): Promise<void> {
  const actor = { kind: 'system' as const };
  const context = { correlationId: 'c', causationId: 'c', partitionKey: '*', actor };
  for (let n = 0; n < count; n += 1) {
    const event = { id: `${stream}${n}`, type: 'a.b', schemaVersion: 1, data: {}, ...context };
    await store.append({ stream, expected: 'any', events: [event], guards: [] });
  }
}

/** A client, and what it has read. */
class Client extends Writable {
  text = '';
  stuck = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    if (!this.stuck) done();
  }

  get ids(): number[] {
    return [...this.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let tries = 0; !isSo(); tries += 1) {
      if (tries > 400) throw new Error(`it took too long: ${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

interface Played {
  readonly client: Client;
  readonly ended: Promise<StreamEndReason | undefined>;
  readonly stream: EventStream;
}

beforeAll(() => Logger.overrideLogger(false));

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

async function play(store: MemoryEventStore, more: Partial<StreamParts> = {}): Promise<Played> {
  const client = new Client({ highWaterMark: 64 });
  clients.push(client);
  const { tail = new EventTail(store.feed) } = more;
  const parts = { feed: store.feed, pace: new Pace() } as unknown as SourceParts;
  const stream = new EventStream({
    tail,
    source: new LedgerSource(parts, undefined),
    connection: new EventConnection(client, 50),
    from: null,
    heartbeatMs: 10_000,
    maxWaiting: 1_000,
    show: ({ position }) => Promise.resolve({ position }),
    check: () => Promise.resolve(undefined),
    failed: () => undefined,
    ...more,
  });
  await tail.watch(stream);
  return { client, stream, ended: stream.run() };
}

const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a stream', () => {
  it('joins what was and what happens meanwhile, each once and in order', async () => {
    const store = new MemoryEventStore(clock);
    await append(store, 's', 180);
    const { client } = await play(store);
    await append(store, 't', 40);
    await client.until(() => client.ids.length >= 100);
    await append(store, 'u', 2_500);
    await client.until(() => client.ids.length >= 2_720);
    expect(client.ids).toEqual(upTo(2_720));
  });

  it('that joins a tail others follow leaves out nothing that the tail has forgotten', async () => {
    const store = new MemoryEventStore(clock);
    const tail = new EventTail(store.feed);
    const first = await play(store, { tail, maxWaiting: 5_000 });
    await append(store, 's', 2_200);
    await first.client.until(() => first.client.ids.length === 2_200);
    const second = await play(store, { tail });
    await second.client.until(() => second.client.ids.length >= 2_200);
    expect(second.client.ids).toEqual(upTo(2_200));
  });

  it('tells nothing from before it begins, though the tail may come to it later', async () => {
    const store = new MemoryEventStore(clock);
    await append(store, 's', 2);
    const { client, stream } = await play(store, { from: '2' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    stream.take(await store.feed.read(null, 10));
    await append(store, 't', 2);
    await client.until(() => client.ids.length >= 2);
    expect(client.ids).toEqual([3, 4]);
  });

  it('asks before every event whether its reader may know it, and tells nothing after a no', async () => {
    const store = new MemoryEventStore(clock);
    await append(store, 's', 10);
    let asked = 0;
    const check = (): Promise<StreamEndReason | undefined> => {
      asked += 1;
      return Promise.resolve(asked > 4 ? 'session_ended' : undefined);
    };
    const { client, ended } = await play(store, { check });
    expect(await ended).toBe('session_ended');
    expect(client.ids).toEqual([1, 2, 3, 4]);
    expect(client.text).toMatch(/\n\n: session_ended: [^\n]+\n\n$/);
  });

  it('asks again when a cutoff was declared, which is no event of its own', async () => {
    const store = new MemoryEventStore(clock);
    let mayKnow = true;
    const { ended, client } = await play(store, {
      source: { includes: () => false, past: async function* () {} },
      check: () => Promise.resolve(mayKnow ? undefined : 'session_ended'),
      heartbeatMs: 3_600_000,
    });
    await append(store, 's');
    mayKnow = false;
    await append(store, 'cutoffs');
    expect(await ended).toBe('session_ended');
    expect(client.ids).toEqual([]);
  });

  it('asks with every heartbeat, too', async () => {
    let asked = 0;
    const check = (): Promise<StreamEndReason | undefined> => {
      asked += 1;
      return Promise.resolve(asked === 3 ? 'token_expired' : undefined);
    };
    const { client, ended } = await play(new MemoryEventStore(clock), { check, heartbeatMs: 10 });
    expect(await ended).toBe('token_expired');
    expect(client.text.match(/: heartbeat/g)).toHaveLength(2);
  });

  it('cuts a client off that does not read, and holds no more for it than it may', async () => {
    const store = new MemoryEventStore(clock);
    await append(store, 's');
    const { client, ended } = await play(store);
    client.stuck = true;
    await append(store, 't', 10);
    expect(await ended).toBe('too_slow');
    expect(client.writableLength).toBeLessThan(300);
  });

  it('cuts a client off for which more waits than may, after what waited was sent', async () => {
    const store = new MemoryEventStore(clock);
    await append(store, 's');
    const slowly = async ({ position }: RecordedEvent): Promise<object> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { position };
    };
    const { client, ended } = await play(store, { maxWaiting: 8, show: slowly });
    await client.until(() => client.ids.length === 1);
    await append(store, 't', 60);
    expect(await ended).toBe('too_slow');
    expect(client.ids).toEqual(upTo(client.ids.length));
    expect(client.ids.length).toBeLessThan(30);
  });

  it('ends when it is told to, and when the client leaves', async () => {
    const store = new MemoryEventStore(clock);
    const [told, left] = [await play(store), await play(store)];
    told.stream.stop('stopping');
    expect(await told.ended).toBe('stopping');
    left.client.destroy();
    expect(await left.ended).toBeUndefined();
  });

  it('ends with a word, and tells of it, when something is broken', async () => {
    const store = new MemoryEventStore(clock);
    await append(store, 's');
    const failures: unknown[] = [];
    const show = (): Promise<object> => Promise.reject(new Error('broken'));
    const { ended } = await play(store, { show, failed: (error) => failures.push(error) });
    expect([await ended, failures.length]).toEqual(['unavailable', 1]);
  });

  it('waits out a ledger that is away while it follows it', async () => {
    const store = new MemoryEventStore(clock);
    const { client } = await play(store);
    await append(store, 's');
    await client.until(() => client.ids.length === 1);
    store.unavailable = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    store.unavailable = false;
    await append(store, 't');
    await client.until(() => client.ids.length === 2);
    expect(client.ids).toEqual([1, 2]);
  });
});
