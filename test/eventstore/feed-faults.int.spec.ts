// The feed over a log that others write too, and over subscriptions that break, repeat or say nothing.
import { exampleAppend, SteppingClock } from '@sallyport/testing';
import type { ConnectionOptions } from '@sallyport/adapter-eventstoredb';
import { comparePositions, type Feed, type RecordedEvent } from '@sallyport/engine';
import { until, wire, type Wired } from './under-test.js';

const wired =
  (test: (wired: Wired) => Promise<void>, options: Partial<ConnectionOptions> = {}) => async () => {
    const under = await wire(new SteppingClock(), options);
    await test(under).finally(() => under.close());
  };

/** Somebody else's events, as statistics of the server itself are. */
async function foreign({ behind }: Wired, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const stored = { data: { isJson: true, coding: 'utf8', data: '{}', metadata: '' } };
    const append = exampleAppend('$stats', 'any');
    const events = append.events.map((event) => ({ ...event, ...stored }));
    await behind.append({ ...append, events });
  }
}

/** Follows the feed as consumers do until it has seen so many events. */
async function follow(feed: Feed, count: number): Promise<string[]> {
  const seen: string[] = [];
  const deadline = performance.now() + 10_000;
  let after: string | null = null;
  while (seen.length < count && performance.now() < deadline) {
    const events: RecordedEvent[] = await feed.read(after, 10).catch(() => []);
    for (const event of events) seen.push(event.id);
    after = events.at(-1)?.position ?? after;
    if (events.length === 0) await feed.wait(after, 1_000).catch(() => false);
  }
  return seen;
}

describe('the feed', () => {
  it(
    'shows our own events only, over long stretches of those of others, and finds its head behind them',
    wired(async (under) => {
      const { store, feed } = under;
      await foreign(under, 100);
      expect(await feed.head()).toBeNull();
      expect(await feed.read(null, 10)).toEqual([]);
      const first = await store.append(exampleAppend('a', -1));
      await foreign(under, 300);
      expect(await feed.head()).toBe(first.position);
      const second = await store.append(exampleAppend('b', -1));
      await foreign(under, 70);
      const positions = (await feed.read(null, 10)).map(({ position }) => position);
      expect(positions).toEqual([first.position, second.position]);
      expect(await feed.read(second.position, 10)).toEqual([]);
      expect(await under.another().feed.head()).toBe(second.position);
    }),
  );

  it(
    'asks for its head once for all who ask meanwhile, and after they asked',
    wired(async ({ store, feed, double }) => {
      await store.append(exampleAppend('a', -1));
      const before = double.seen.calls.read;
      const early = feed.head();
      const { position } = await store.append(exampleAppend('b', -1));
      const late = await Promise.all(Array.from({ length: 20 }, () => feed.head()));
      await early;
      expect(late).toEqual(late.map(() => position));
      // The append's own, the first, and one for the twenty.
      expect(double.seen.calls.read - before).toBeLessThanOrEqual(4);
    }),
  );

  it(
    'does not search again what it has found quiet',
    wired(async (under) => {
      const { store, feed, double } = under;
      const { position } = await store.append(exampleAppend('a', -1));
      await foreign(under, 500);
      const calls = async (): Promise<number> => {
        const before = double.seen.calls.read;
        expect(await feed.read(position, 10)).toEqual([]);
        return double.seen.calls.read - before;
      };
      expect(await calls()).toBeGreaterThan(1);
      expect(await calls()).toBe(1);
    }),
  );

  it(
    'gives positions as decimal numbers that grow and compare as integers',
    wired(async ({ store, feed }) => {
      for (let index = 0; index < 12; index += 1) await store.append(exampleAppend('a', 'any'));
      const positions = (await feed.read(null, 100)).map(({ position }) => position);
      expect(positions.every((position) => /^[1-9]\d*$/.test(position))).toBe(true);
      expect(positions.toSorted(comparePositions)).toEqual(positions);
      expect(positions.toSorted()).not.toEqual(positions);
    }),
  );

  it.each([
    ['ends with CANCELLED', { kind: 'drop', code: 'CANCELLED' }],
    ['ends with UNAVAILABLE', { kind: 'drop', code: 'UNAVAILABLE' }],
    ['ends with INTERNAL', { kind: 'drop', code: 'INTERNAL' }],
    ['is ended as too slow', { kind: 'fell-behind' }],
    ['is sent to another leader', { kind: 'not-leader', host: '127.0.0.1', port: 1 }],
    ['sends every event twice', { kind: 'duplicates' }],
    ['is never confirmed', { kind: 'silent' }],
    ['falls silent', { kind: 'quiet' }],
  ] as const)('shows each event once, in order, to a follower whose subscription %s', (_, fault) =>
    wired(async (under) => {
      under.double.faults.add('subscribe', fault, 3);
      const following = follow(under.feed, 12);
      const ids: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        const append = exampleAppend('a', 'any');
        ids.push(append.events[0]?.id ?? '');
        await under.store.append(append);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(await following).toEqual(ids);
    })(),
  );

  it(
    'wakes who waits with the next event after the server was away',
    wired(async ({ store, feed, double }) => {
      const { position } = await store.append(exampleAppend('a', -1));
      const waiting = feed.wait(position, 10_000);
      await until(() => feed.isLive);
      await double.restart(100);
      await until(() => feed.isLive);
      await store.append(exampleAppend('a', 0));
      expect(await waiting).toBe(true);
    }),
  );

  it(
    'keeps one subscription for all who wait, and none when nobody does',
    wired(async ({ store, feed, double }) => {
      const { position } = await store.append(exampleAppend('a', -1));
      await Promise.all(Array.from({ length: 20 }, () => feed.wait(position, 100)));
      await feed.wait(position, 50);
      expect(double.seen.calls.subscribe).toBe(1);
      feed.close();
      await until(() => double.seen.open === 0);
    }),
  );

  it(
    'rejects with store_unavailable while the store is away, within its time, and leaves no call open',
    wired(
      async ({ store, feed, double, connection }) => {
        await store.append(exampleAppend('a', -1));
        double.faults.add('read', { kind: 'silent' });
        const started = performance.now();
        await expect(feed.read(null, 10)).rejects.toMatchObject({ code: 'store_unavailable' });
        await expect(feed.head()).rejects.toMatchObject({ code: 'store_unavailable' });
        expect(performance.now() - started).toBeLessThan(5_000);
        await until(() => double.seen.open === 0);
        expect(connection.depth).toBe(0);
      },
      { feedTimeoutMs: 400 },
    ),
  );
});
