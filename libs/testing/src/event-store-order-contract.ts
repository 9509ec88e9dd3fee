// The second half of the contract of event stores: order, time, and what reads return.
import { expect, it } from '@jest/globals';
import { ALL, exampleAppend, exampleDraft, type StoreTest } from './store-under-test.js';

type WithStore = (test: StoreTest) => () => Promise<void>;

export function describeOrder(withStore: WithStore): void {
  it(
    'gives the events of one stream revisions without gaps, and each the hash of the one before',
    withStore(async ({ store }) => {
      for (let round = 0; round < 10; round += 1) {
        const events = Array.from({ length: (round % 3) + 1 }, () => exampleDraft());
        const expected = ((await store.heads(['a']))[0] as number) - (round % 4 === 3 ? 1 : 0);
        await Promise.allSettled([
          store.append(exampleAppend('a', expected, { events })),
          store.append(exampleAppend('b', 'any')),
        ]);
      }
      const stored = await store.read('a', 0, ALL);
      expect(stored.map((event) => event.revision)).toEqual(stored.map((_, index) => index));
      expect(stored.map((event) => event.previousHash)).toEqual([
        undefined,
        ...stored.slice(0, -1).map((event) => event.hash),
      ]);
      expect(new Set(stored.map((event) => event.hash)).size).toBe(stored.length);
    }),
  );

  it(
    'chains an event to one appended at any revision, which itself is not chained',
    withStore(async ({ store }) => {
      await store.append(exampleAppend('a', -1));
      await store.append(exampleAppend('a', 'any', { events: [exampleDraft(), exampleDraft()] }));
      await store.append(exampleAppend('a', 2, { events: [exampleDraft(), exampleDraft()] }));
      const stored = await store.read('a', 0, ALL);
      const hashes = stored.map((event) => event.hash);
      expect(stored.map((event) => event.previousHash)).toEqual([
        undefined,
        undefined,
        undefined,
        hashes[2],
        hashes[3],
      ]);
    }),
  );

  it(
    'lets positions grow across streams in the order of commits',
    withStore(async ({ store, feed, reopen }) => {
      const order: string[] = [];
      for (let index = 0; index < 20; index += 1) {
        const { position } = await store.append(exampleAppend(`s-${index % 3}`, 'any'));
        order.push(position);
      }
      const again = await reopen();
      order.push((await again.store.append(exampleAppend('s-0', 'any'))).position);
      expect(order.map(Number)).toEqual([...new Set(order.map(Number))].sort((a, b) => a - b));
      expect((await again.feed.read(null, ALL)).map((event) => event.position)).toEqual(order);
      await expect(feed.head()).rejects.toMatchObject({ code: 'store_unavailable' });
    }),
  );

  it(
    'never lets recordedAt go back, whatever the clock does, also after a restart',
    withStore(async ({ store, reopen }, clock) => {
      const appended = [await store.append(exampleAppend('a', -1))];
      clock.at += 60_000;
      appended.push(await store.append(exampleAppend('a', 0)));
      clock.at -= 3_600_000;
      appended.push(await store.append(exampleAppend('b', -1)));
      const again = await reopen();
      appended.push(await again.store.append(exampleAppend('c', -1)));
      const times = (await again.feed.read(null, ALL)).map((event) => event.recordedAt);
      expect(times).toEqual(appended.map(({ recordedAt }) => recordedAt));
      expect(times).toEqual([...times].sort());
    }),
  );
}

export function describeReads(withStore: WithStore): void {
  it(
    'reads up to the limit from a revision upwards, in order; nothing of an unknown stream',
    withStore(async ({ store }) => {
      await store.append(exampleAppend('a', -1, { events: Array.from({ length: 5 }, () => exampleDraft()) }));
      await store.append(exampleAppend('b', -1));
      const revisions = async (from: number, limit: number) =>
        (await store.read('a', from, limit)).map((event) => event.revision);
      expect(await revisions(0, 2)).toEqual([0, 1]);
      expect(await revisions(3, 10)).toEqual([3, 4]);
      expect(await revisions(5, 10)).toEqual([]);
      expect(await store.read('unknown', 0, 10)).toEqual([]);
    }),
  );

  it(
    'reads back the last events at or below a revision, newest first',
    withStore(async ({ store }) => {
      await store.append(exampleAppend('a', -1, { events: Array.from({ length: 5 }, () => exampleDraft()) }));
      const revisions = async (limit: number, max?: number) =>
        (await store.readBack('a', limit, max)).map((event) => event.revision);
      expect(await revisions(2)).toEqual([4, 3]);
      expect(await revisions(10)).toEqual([4, 3, 2, 1, 0]);
      expect(await revisions(2, 2)).toEqual([2, 1]);
      expect(await store.readBack('unknown', 1)).toEqual([]);
      expect(await store.readBack('a', 1)).toEqual(await store.read('a', 4, 1));
    }),
  );

  it(
    'answers the heads in the order asked, seeing every append acknowledged before the call',
    withStore(async ({ store }) => {
      for (let round = 0; round < 20; round += 1) {
        await store.append(exampleAppend('a', round - 1));
        await store.append(exampleAppend('b', 'any', { events: [exampleDraft(), exampleDraft()] }));
        expect(await store.heads(['b', 'none', 'a', 'b'])).toEqual([2 * round + 1, -1, round, 2 * round + 1]);
      }
      expect(await store.heads([])).toEqual([]);
    }),
  );

  it(
    'returns plain data: an event survives JSON and carries its own hash in a copy',
    withStore(async ({ store }) => {
      await store.append(exampleAppend('a', -1));
      const [event] = await store.read('a', 0, 1);
      expect(JSON.parse(JSON.stringify(event))).toEqual(event);
      expect({ ...event }.hash).toBe(event?.hash);
      expect(event?.hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
    }),
  );
}
