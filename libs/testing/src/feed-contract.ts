// What every feed must keep: one test per sentence of the port `Feed`, in its order.
import { describe, expect, it } from '@jest/globals';
import type { Feed, RecordedEvent } from '@sallyport/engine';
import {
  exampleAppend,
  exampleDraft,
  onNewStore,
  type MakeStore,
  type StoreTest,
} from './store-under-test.js';

export function describeFeedContract(name: string, makeStore: MakeStore): void {
  const withStore = onNewStore(makeStore);

  describe(`${name} keeps the contract of Feed`, () => {
    describe('read', () => {
      describeRead(withStore);
    });
    describe('head and wait', () => {
      describeTail(withStore);
    });
  });
}

function describeRead(withStore: (test: StoreTest) => () => Promise<void>): void {
  it(
    'reads up to the limit after a position, from the very first for null, in order, none left out',
    withStore(async ({ store, feed }) => {
      const appended = [];
      for (let index = 0; index < 25; index += 1)
        appended.push(await store.append(exampleAppend(`s-${index % 4}`, 'any')));
      const seen = await readAll(feed, 7);
      expect(seen.map((event) => event.position)).toEqual(appended.map((result) => result.position));
      const tenth = appended[9]?.position as string;
      expect((await feed.read(tenth, 3)).map((event) => event.position)).toEqual(
        appended.slice(10, 13).map((result) => result.position),
      );
      expect(await feed.read(appended.at(-1)?.position as string, 10)).toEqual([]);
    }),
  );

  it(
    'returns the events as their streams do',
    withStore(async ({ store, feed }) => {
      await store.append(exampleAppend('a', -1, { events: [exampleDraft(), exampleDraft()] }));
      expect(await feed.read(null, 10)).toEqual(await store.read('a', 0, 10));
    }),
  );

  it(
    'leaves nothing out and shows nothing refused to a reader that follows while others append and fail',
    withStore(async ({ store, feed }) => {
      const confirmed: string[] = [];
      const write = async (writer: number) => {
        for (let index = 0; index < 60; index += 1) {
          const append = exampleAppend(`s-${index % 7}`, index % 3 === 0 ? 'any' : writer, { guards: [] });
          await store.append(append).then(
            ({ position }) => confirmed.push(`${position} ${append.events[0]?.id}`),
            () => undefined,
          );
        }
      };
      let writing = true;
      const follow = async () => {
        const seen: RecordedEvent[] = [];
        for (let more = true; more;) {
          const last = !writing;
          const batch = await feed.read(seen.at(-1)?.position ?? null, 5);
          seen.push(...batch);
          more = !last || batch.length > 0;
          if (batch.length === 0) await feed.wait(seen.at(-1)?.position ?? null, 5);
        }
        return seen;
      };
      const followed = follow();
      await Promise.all([0, 1, 2, 3, 4].map(write));
      writing = false;
      const seen = (await followed).map((event) => `${event.position} ${event.id}`);
      expect(seen).toEqual(confirmed.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)));
    }),
  );
}

function describeTail(withStore: (test: StoreTest) => () => Promise<void>): void {
  it(
    'answers the position of the last event as head, null for an empty store',
    withStore(async ({ store, feed }) => {
      expect(await feed.head()).toBeNull();
      await store.append(exampleAppend('a', -1));
      const { position } = await store.append(exampleAppend('b', -1));
      expect(await feed.head()).toBe(position);
    }),
  );

  it(
    'waits no longer than until there is an event after the position, and not at all if there already is',
    withStore(async ({ store, feed }) => {
      const first = await promptly(feed.wait(null, 10_000), () => store.append(exampleAppend('a', -1)));
      expect(first).toBe(true);
      expect(await promptly(feed.wait(null, 10_000))).toBe(true);
      const head = await feed.head();
      expect(await promptly(feed.wait(head, 10_000), () => store.append(exampleAppend('b', -1)))).toBe(true);
      const waiting = feed.wait(await feed.head(), 150);
      await store.append(exampleAppend('b', 7)).catch(() => undefined);
      expect(await waiting).toBe(false);
    }),
  );

  it(
    'answers false after the time-out, and when the signal aborts before or while it waits',
    withStore(async ({ feed }) => {
      expect(await feed.wait(null, 20)).toBe(false);
      expect(await promptly(feed.wait(null, 10_000, AbortSignal.abort()))).toBe(false);
      const stop = new AbortController();
      expect(await promptly(feed.wait(null, 10_000, stop.signal), async () => stop.abort())).toBe(false);
    }),
  );
}

/** All events, in pages. */
async function readAll(feed: Feed, page: number): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for (;;) {
    const batch = await feed.read(all.at(-1)?.position ?? null, page);
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}

/** The outcome of a wait, after `act`; fails when it takes more than two seconds. */
async function promptly(waiting: Promise<boolean>, act?: () => Promise<unknown>): Promise<boolean> {
  const started = performance.now();
  await act?.();
  const outcome = await waiting;
  expect(performance.now() - started).toBeLessThan(2_000);
  return outcome;
}
