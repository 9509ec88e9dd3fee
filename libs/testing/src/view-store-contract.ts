// What every view store must keep: one test per sentence of the port `ViewStore`, in its order.
import { describe, expect, it } from '@jest/globals';
import type { ViewCommit, ViewRow, ViewStore } from '@sallyport/engine';

export interface ViewStoreUnderTest {
  readonly store: ViewStore;
  close(): Promise<void>;
}

const row = (key: string, owner: string, body: ViewRow['body'] = { key }): ViewRow => ({ key, owner, body });

/** A batch of the example projection: rows of the view `sessions`, `null` to delete one. */
function batch(from: string | null, to: string, rows: Record<string, ViewRow | null>): ViewCommit {
  const changes = Object.entries(rows).map(([key, changed]) => ({ view: 'sessions', key, row: changed }));
  return { projection: 'example', generation: 1, from, to, changes };
}

export function describeViewStoreContract(name: string, makeStore: () => Promise<ViewStoreUnderTest>): void {
  const withStore = (test: (store: ViewStore) => Promise<void>) => async () => {
    const under = await makeStore();
    try {
      await test(under.store);
    } finally {
      await under.close();
    }
  };

  describe(`${name} keeps the contract of ViewStore`, () => {
    describeQueries(withStore);
    describeCommit(withStore);
  });
}

type WithStore = (test: (store: ViewStore) => Promise<void>) => () => Promise<void>;

function describeQueries(withStore: WithStore): void {
  it(
    'answers how far a projection is folded, per generation, null before its first commit',
    withStore(async (store) => {
      expect(await store.checkpoint('example', 1)).toBeNull();
      await store.commit(batch(null, '12', {}));
      expect(await store.checkpoint('example', 1)).toBe('12');
      expect(await store.checkpoint('example', 2)).toBeNull();
      expect(await store.checkpoint('other', 1)).toBeNull();
    }),
  );

  it(
    'keeps views with the longest names apart',
    withStore(async (store) => {
      const names = [`v-_0${'v'.repeat(36)}`, `v-_0${'v'.repeat(35)}w`];
      const changes = names.map((view) => ({ view, key: 'a', row: row('a', 'o', { view }) }));
      await store.commit({ ...batch(null, '1', {}), changes });
      for (const view of names) expect(await store.list(view, 1, 'o')).toEqual([row('a', 'o', { view })]);
    }),
  );

  it(
    'loads the rows with the given keys; absent keys are absent from the map',
    withStore(async (store) => {
      expect(await store.load('sessions', 1, ['a'])).toEqual(new Map());
      const body = { text: 'ä "x" \n', nested: { list: [1, null, false] } };
      await store.commit(batch(null, '1', { a: row('a', 'o', body), b: row('b', 'o') }));
      expect(await store.load('sessions', 1, ['a', 'c'])).toEqual(new Map([['a', row('a', 'o', body)]]));
      expect(await store.load('sessions', 1, [])).toEqual(new Map());
      expect(await store.load('sessions', 2, ['a'])).toEqual(new Map());
      expect(await store.load('devices', 1, ['a'])).toEqual(new Map());
    }),
  );

  it(
    'loads thousands of keys at once',
    withStore(async (store) => {
      const keys = Array.from({ length: 2_500 }, (_, index) => `k-${index}`);
      await store.commit(batch(null, '1', Object.fromEntries(keys.map((key) => [key, row(key, 'o')]))));
      expect([...(await store.load('sessions', 1, keys)).keys()].sort()).toEqual([...keys].sort());
    }),
  );

  it(
    "lists the owner's rows ordered by key, and follows a row to another owner",
    withStore(async (store) => {
      await store.commit(batch(null, '1', { c: row('c', 'o'), a: row('a', 'o'), b: row('b', 'p') }));
      const keys = async (owner: string) =>
        (await store.list('sessions', 1, owner)).map((listed) => listed.key);
      expect(await keys('o')).toEqual(['a', 'c']);
      await store.commit(batch('1', '2', { a: row('a', 'p') }));
      expect(await keys('o')).toEqual(['c']);
      expect(await keys('p')).toEqual(['a', 'b']);
      expect(await keys('nobody')).toEqual([]);
    }),
  );

  it(
    "pages through the owner's rows from the highest key down, below a key, up to a limit",
    withStore(async (store) => {
      const page = async (limit: number, before?: string) =>
        (await store.page('sessions', 1, { owner: 'o', before, limit })).map((listed) => listed.key);
      expect(await page(2)).toEqual([]);
      const own = ['c', 'a', 'd', 'e'].map((key) => [key, row(key, 'o')]);
      const rows = { ...(Object.fromEntries(own) as Record<string, ViewRow>), b: row('b', 'p') };
      await store.commit(batch(null, '1', rows));
      expect(await page(2)).toEqual(['e', 'd']);
      expect(await page(2, 'd')).toEqual(['c', 'a']);
      expect(await page(2, 'a')).toEqual([]);
      expect(await page(9, 'b')).toEqual(['a']);
      expect(await store.page('sessions', 2, { owner: 'o', limit: 9 })).toEqual([]);
      expect(await store.page('sessions', 1, { owner: 'o', limit: 1 })).toEqual([row('e', 'o')]);
    }),
  );

  it(
    'orders keys by their bytes, whatever the language',
    withStore(async (store) => {
      const keys = ['B', 'a', 'a-b', 'a:b', 'a_b', 'aa', 'ä'];
      await store.commit(batch(null, '1', Object.fromEntries(keys.map((key) => [key, row(key, 'o')]))));
      expect((await store.list('sessions', 1, 'o')).map(({ key }) => key)).toEqual(keys);
      const page = await store.page('sessions', 1, { before: 'a_b', limit: 2 });
      expect(page.map(({ key }) => key)).toEqual(['a:b', 'a-b']);
    }),
  );

  it(
    "pages through everybody's rows where no owner is named",
    withStore(async (store) => {
      const page = async (limit: number, before?: string) =>
        (await store.page('sessions', 1, { before, limit })).map((listed) => listed.key);
      expect(await page(2)).toEqual([]);
      await store.commit(batch(null, '1', { c: row('c', 'o'), a: row('a', 'p'), b: row('b', 'q') }));
      expect(await page(2)).toEqual(['c', 'b']);
      expect(await page(2, 'b')).toEqual(['a']);
    }),
  );
}

function describeCommit(withStore: WithStore): void {
  it(
    'writes and deletes rows together with the checkpoint',
    withStore(async (store) => {
      await store.commit(batch(null, '1', { a: row('a', 'o', { v: 1 }), b: row('b', 'o') }));
      await store.commit(batch('1', '5', { a: row('a', 'o', { v: 2 }), b: null, absent: null }));
      expect(await store.list('sessions', 1, 'o')).toEqual([row('a', 'o', { v: 2 })]);
      expect(await store.checkpoint('example', 1)).toBe('5');
    }),
  );

  it(
    'rejects with checkpoint_moved, writing nothing, unless the stored checkpoint is the one folded from',
    withStore(async (store) => {
      await store.commit(batch(null, '5', { a: row('a', 'o') }));
      for (const from of [null, '4', '6']) {
        const stale = store.commit(batch(from, '9', { a: null, z: row('z', 'o') }));
        await expect(stale).rejects.toMatchObject({ code: 'checkpoint_moved' });
      }
      expect(await store.list('sessions', 1, 'o')).toEqual([row('a', 'o')]);
      expect(await store.checkpoint('example', 1)).toBe('5');
    }),
  );

  it(
    'lets one of several batches folded from the same checkpoint win',
    withStore(async (store) => {
      const batches = Array.from({ length: 10 }, (_, index) =>
        batch(null, `${index + 1}`, { a: row('a', `o-${index}`) }),
      );
      const outcomes = await Promise.allSettled(batches.map((one) => store.commit(one)));
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    }),
  );

  it(
    'resets one generation of a projection and leaves the others',
    withStore(async (store) => {
      await store.commit(batch(null, '5', { a: row('a', 'o') }));
      await store.commit({ ...batch(null, '7', { a: row('a', 'o') }), generation: 2 });
      await store.reset('example', 1, ['sessions', 'never-written']);
      expect(await store.checkpoint('example', 1)).toBeNull();
      expect(await store.list('sessions', 1, 'o')).toEqual([]);
      expect(await store.checkpoint('example', 2)).toBe('7');
      expect(await store.list('sessions', 2, 'o')).toHaveLength(1);
      await store.commit(batch(null, '5', { b: row('b', 'o') }));
      expect(await store.list('sessions', 1, 'o')).toEqual([row('b', 'o')]);
    }),
  );
}
