// What every event store must keep: one test per sentence of the port `EventStore`, in its order.
import { describe, expect, it } from '@jest/globals';
import type { Append, Appended, EngineError, EventDraft } from '@sallyport/engine';
import { describeOrder, describeReads } from './event-store-order-contract.js';
import {
  ALL,
  exampleAppend,
  exampleDraft,
  onNewStore,
  type MakeStore,
  type StoreTest,
} from './store-under-test.js';

export function describeEventStoreContract(name: string, makeStore: MakeStore): void {
  const withStore = onNewStore(makeStore);
  describe(`${name} keeps the contract of EventStore`, () => {
    describe('append', () => {
      describeAppend(withStore);
    });
    describe('order and time', () => {
      describeOrder(withStore);
    });
    describe('read, readBack and heads', () => {
      describeReads(withStore);
    });
  });
}

type WithStore = (test: StoreTest) => () => Promise<void>;

function describeAppend(withStore: WithStore): void {
  it(
    'appends all events of one append or none',
    withStore(async ({ store, feed }) => {
      const three = [
        exampleDraft(),
        exampleDraft({ personal: 'sealed' }),
        exampleDraft({ credential: 'sealed' }),
      ];
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
      expect(outcomes.map((outcome) => outcome.status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
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
    'lets exactly one of 100 parallel appends at one revision win; the others conflict and leave no trace',
    withStore(async ({ store, feed }) => {
      await store.append(exampleAppend('a', -1));
      const attempts = Array.from({ length: 100 }, () =>
        exampleAppend('a', 0, { events: [exampleDraft(), exampleDraft()] }),
      );
      const outcomes = await Promise.allSettled(attempts.map((attempt) => store.append(attempt)));
      const winners = attempts.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      expect(new Set(reasons(outcomes))).toEqual(new Set(['revision_conflict']));
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
      const many = await Promise.all(
        Array.from({ length: 50 }, () => store.append(exampleAppend('a', 'any'))),
      );
      expect(many.map((appended) => appended.revision)).toEqual(
        Array.from({ length: 50 }, (_, index) => index + 1),
      );
      expect(await store.append(exampleAppend('a', 50))).toMatchObject({ revision: 51 });
    }),
  );

  it(
    'rejects with guard_moved when a guarded stream stands elsewhere, and appends when all stand',
    withStore(async ({ store }) => {
      await store.append(exampleAppend('guard', -1));
      const guarded = (guards: Append['guards'], expected: number) =>
        store.append(exampleAppend('a', expected, { guards }));
      await guarded(
        [
          { stream: 'guard', revision: 0 },
          { stream: 'absent', revision: -1 },
        ],
        -1,
      );
      const revision = async () => (await store.heads(['a']))[0] as number;
      for (const moved of [
        { stream: 'guard', revision: -1 },
        { stream: 'guard', revision: 1 },
        { stream: 'absent', revision: 0 },
      ]) {
        const refused = guarded(
          [{ stream: 'guard', revision: 0 }, moved].slice(moved.stream === 'guard' ? 1 : 0),
          await revision(),
        );
        const before = await revision();
        const error: unknown = await refused.catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'guard_moved' });
        if ((error as EngineError).details.appended === false) expect(await revision()).toBe(before);
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
        // Both confirmed: only if the unguarded one came second, so that the guard stood when the guarded one
        // counted.
        expect(positions(outcomes)).toEqual(positions(outcomes).toSorted((x, y) => x - y));
        expect(positions(outcomes).length).toBeLessThanOrEqual(appends[1]?.guards.length === 0 ? 2 : 1);
        expect(reasons(outcomes).filter((code) => code !== 'guard_moved')).toEqual([]);
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

/** The codes of what was rejected. */
function reasons(outcomes: readonly PromiseSettledResult<unknown>[]): (string | undefined)[] {
  return outcomes.flatMap((one) =>
    one.status === 'rejected' ? [(one.reason as { code?: string }).code] : [],
  );
}

function positions(outcomes: readonly PromiseSettledResult<Appended>[]): number[] {
  return outcomes.flatMap((one) => (one.status === 'fulfilled' ? [Number(one.value.position)] : []));
}
