// What every event store must keep: one test per sentence of the port `EventStore`, in its order.
import { describe, expect, it } from '@jest/globals';
import { type Append, type Clock, type EventDraft, type EventStore, type Feed } from '@sallyport/engine';

export interface StoreUnderTest {
  readonly store: EventStore;
  /** The feed of the same store. */
  readonly feed: Feed;
  /** Ends this store and opens another one on the same data, under the same clock. */
  reopen(): Promise<StoreUnderTest>;
  close(): Promise<void>;
}

/** Makes an empty store under the clock. */
export type MakeStore = (clock: Clock) => Promise<StoreUnderTest>;

export class SteppingClock {
  at = Date.parse('2026-11-22T09:00:00.000Z');

  now(): number {
    return this.at;
  }
}

let made = 0;

/** An event that differs from every other made here; name the fields a test is about. */
export function exampleDraft(fields: Partial<EventDraft> = {}): EventDraft {
  made += 1;
  return {
    id: `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`,
    type: 'example.happened',
    schemaVersion: 1,
    data: { number: made, text: 'ä "quoted" \n 漢', nested: { list: [1, null, true] } },
    correlationId: 'correlation-1',
    causationId: 'command-1',
    partitionKey: 'account-1',
    actor: { kind: 'user', id: 'account-1' },
    ...fields,
  };
}

/** An append of `count` example events. */
export function exampleAppend(stream: string, expected: Append['expected'], fields: Partial<Append> = {}): Append {
  return { stream, expected, events: [exampleDraft()], guards: [], ...fields };
}

const ALL = 10_000;

export function describeEventStoreContract(name: string, makeStore: MakeStore): void {
  const withStore =
    (test: (under: StoreUnderTest, clock: SteppingClock) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const clock = new SteppingClock();
      let under = await makeStore(clock);
      const reopen = async () => {
        under = await under.reopen();
        return under;
      };
      try {
        await test({ ...under, reopen }, clock);
      } finally {
        await under.close();
      }
    };

  describe(`${name} keeps the contract of EventStore`, () => {
    describe('append', () => describeAppend(withStore));
    describe('order and time', () => describeOrder(withStore));
    describe('read, readBack and heads', () => describeReads(withStore));
  });
}

type WithStore = (test: (under: StoreUnderTest, clock: SteppingClock) => Promise<void>) => () => Promise<void>;

function describeAppend(withStore: WithStore): void {
  it(
    'appends all events of one append or none',
    withStore(async ({ store, feed }) => {
      const three = [exampleDraft(), exampleDraft({ personal: 'sealed' }), exampleDraft({ credential: 'sealed' })];
      const appended = await store.append(exampleAppend('a', -1, { events: three }));
      expect(appended.revision).toBe(2);
      const refused = exampleAppend('a', 1, { events: [exampleDraft(), exampleDraft()] });
      await expect(store.append(refused)).rejects.toMatchObject({ code: 'revision_conflict' });
      const stored = await store.read('a', 0, ALL);
      expect(stored).toMatchObject(three);
      expect(stored.map((event) => event.personal)).toEqual([undefined, 'sealed', undefined]);
      expect(stored.at(-1)).toMatchObject({ position: appended.position, recordedAt: appended.recordedAt });
      expect(await feed.read(null, ALL)).toHaveLength(3);
    }),
  );

  it(
    'rejects what JSON cannot hold and an append without events, and appends the others made with them',
    withStore(async ({ store }) => {
      const unstorable = exampleDraft({ data: { big: 1n } as unknown as EventDraft['data'] });
      const outcomes = await Promise.allSettled([
        store.append(exampleAppend('a', -1)),
        store.append(exampleAppend('b', -1, { events: [exampleDraft(), unstorable] })),
        store.append(exampleAppend('c', -1, { events: [] })),
        store.append(exampleAppend('d', -1)),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      expect(await store.heads(['a', 'b', 'c', 'd'])).toEqual([0, -1, -1, 0]);
    }),
  );

  it(
    'resolves only once the events are durable: they are there after a restart',
    withStore(async ({ store, reopen }) => {
      await Promise.all([store.append(exampleAppend('a', -1)), store.append(exampleAppend('b', -1))]);
      const before = await store.read('a', 0, ALL);
      const again = await reopen();
      expect(await again.store.heads(['a', 'b', 'c'])).toEqual([0, 0, -1]);
      expect(await again.store.read('a', 0, ALL)).toEqual(before);
      expect(await again.store.append(exampleAppend('a', 0))).toMatchObject({ revision: 1 });
    }),
  );

  it(
    'lets exactly one of 100 parallel appends at one revision win; the others are conflicts and leave no trace',
    withStore(async ({ store, feed }) => {
      await store.append(exampleAppend('a', -1));
      const attempts = Array.from({ length: 100 }, () => exampleAppend('a', 0, { events: [exampleDraft(), exampleDraft()] }));
      const outcomes = await Promise.allSettled(attempts.map((attempt) => store.append(attempt)));
      const winners = attempts.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'revision_conflict' });
      }
      const ids = (await store.read('a', 1, ALL)).map((event) => event.id);
      expect(ids).toEqual(winners[0]?.events.map((event) => event.id));
      expect(await feed.read(null, ALL)).toHaveLength(3);
    }),
  );

  it(
    'lets exactly one of 100 parallel appends create a stream',
    withStore(async ({ store }) => {
      const attempts = Array.from({ length: 100 }, () => store.append(exampleAppend('new', -1)));
      const outcomes = await Promise.allSettled(attempts);
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
      expect(await store.heads(['new'])).toEqual([0]);
    }),
  );

  it(
    'puts events appended at any revision at the end of the stream, wherever that is',
    withStore(async ({ store }) => {
      expect(await store.append(exampleAppend('a', 'any'))).toMatchObject({ revision: 0 });
      const many = await Promise.all(Array.from({ length: 50 }, () => store.append(exampleAppend('a', 'any'))));
      expect(many.map((appended) => appended.revision)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      expect(await store.append(exampleAppend('a', 50))).toMatchObject({ revision: 51 });
    }),
  );

  it(
    'rejects with guard_moved when a guarded stream stands elsewhere, and appends when all stand',
    withStore(async ({ store }) => {
      await store.append(exampleAppend('guard', -1));
      const guarded = (guards: Append['guards'], expected: number) => store.append(exampleAppend('a', expected, { guards }));
      await guarded([{ stream: 'guard', revision: 0 }, { stream: 'absent', revision: -1 }], -1);
      const revision = async () => (await store.heads(['a']))[0] as number;
      for (const moved of [
        { stream: 'guard', revision: -1 },
        { stream: 'guard', revision: 1 },
        { stream: 'absent', revision: 0 },
      ]) {
        const refused = guarded([{ stream: 'guard', revision: 0 }, moved].slice(moved.stream === 'guard' ? 1 : 0), await revision());
        await expect(refused).rejects.toMatchObject({ code: 'guard_moved' });
      }
    }),
  );

  it(
    'never confirms an append whose guard moved before it: 100 races, also two appends that guard each other',
    withStore(async ({ store }) => {
      for (let round = 0; round < 100; round += 1) {
        const [a, b] = [`a-${round}`, `b-${round}`];
        const appends = [
          exampleAppend(a, -1, { guards: [{ stream: b, revision: -1 }] }),
          exampleAppend(b, -1, { guards: round % 2 === 0 ? [] : [{ stream: a, revision: -1 }] }),
        ];
        if (round % 4 > 1) appends.reverse();
        const outcomes = await Promise.allSettled(appends.map((append) => store.append(append)));
        const [first, second] = outcomes;
        // Both confirmed: the unguarded one came second, so that the guard stood when the guarded one counted.
        if (first?.status === 'fulfilled' && second?.status === 'fulfilled') {
          expect(appends[1]?.guards).toEqual([]);
          expect(Number(first.value.position)).toBeLessThan(Number(second.value.position));
        }
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'guard_moved' });
        }
      }
    }),
  );

  it(
    'rejects with store_unavailable once it is closed, having appended nothing',
    withStore(async ({ store, reopen, close }) => {
      await store.append(exampleAppend('a', -1));
      await close();
      await expect(store.append(exampleAppend('a', 0))).rejects.toMatchObject({ code: 'store_unavailable' });
      await expect(store.read('a', 0, 1)).rejects.toMatchObject({ code: 'store_unavailable' });
      await expect(store.heads(['a'])).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(await (await reopen()).store.heads(['a'])).toEqual([0]);
    }),
  );
}

function describeOrder(withStore: WithStore): void {
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
      expect(stored.map((event) => event.previousHash)).toEqual([undefined, ...stored.slice(0, -1).map((event) => event.hash)]);
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
      expect(stored.map((event) => event.previousHash)).toEqual([undefined, undefined, undefined, hashes[2], hashes[3]]);
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
    withStore(async ({ store, feed, reopen }, clock) => {
      const first = await store.append(exampleAppend('a', -1));
      clock.at += 60_000;
      const second = await store.append(exampleAppend('a', 0));
      clock.at -= 3_600_000;
      const third = await store.append(exampleAppend('b', -1));
      expect(Date.parse(second.recordedAt)).toBe(Date.parse(first.recordedAt) + 60_000);
      expect(third.recordedAt).toBe(second.recordedAt);
      const again = await reopen();
      expect(await again.store.append(exampleAppend('c', -1))).toMatchObject({ recordedAt: second.recordedAt });
      const times = (await again.feed.read(null, ALL)).map((event) => event.recordedAt);
      expect(times).toEqual([...times].sort());
      expect(feed).toBeDefined();
    }),
  );
}

function describeReads(withStore: WithStore): void {
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
