// SQLite keeps the contracts of event store and feed, and its own promises about groups and caches.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@sallyport/engine';
import {
  describeEventStoreContract,
  describeFeedContract,
  exampleAppend,
  exampleDraft,
  SteppingClock,
  type StoreUnderTest,
} from '@sallyport/testing';
import { Database, type Connection } from './driver.js';
import { SqliteEventReader } from './sqlite-event-reader.js';
import { SqliteEventStore, type SqliteEventStoreOptions } from './sqlite-event-store.js';
import { SqliteFeed } from './sqlite-feed.js';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-ledger-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
const nextFile = () => join(directory, `ledger-${(files += 1)}.sqlite`);

async function open(clock: Clock, file: string, beside: boolean): Promise<StoreUnderTest> {
  // Few remembered heads, so that the suite meets forgotten ones.
  const store = SqliteEventStore.open({ file, clock, cachedHeads: 4 });
  const feed = beside ? SqliteFeed.openReadOnly(file, 1) : SqliteFeed.of(store);
  const close = async () => {
    feed.close();
    await store.close();
  };
  return { store, feed, close, reopen: () => close().then(() => open(clock, file, beside)) };
}

describeEventStoreContract('SqliteEventStore', (clock) => open(clock, nextFile(), false));
describeFeedContract('SqliteFeed beside its store', (clock) => open(clock, nextFile(), false));
describeFeedContract('SqliteFeed on a connection of its own', (clock) => open(clock, nextFile(), true));

describe('SqliteEventStore', () => {
  const withStore =
    (
      test: (store: SqliteEventStore, file: string) => Promise<void>,
      options: Partial<SqliteEventStoreOptions> = {},
    ) =>
    async () => {
      const file = nextFile();
      const store = SqliteEventStore.open({ file, clock: new SteppingClock(), ...options });
      await test(store, file).finally(() => store.close());
    };

  it.each([
    [undefined, 2],
    ['NORMAL', 1],
    ['OFF', 0],
  ] as const)('tells how its own connection syncs: %s is %i', (synchronous, level) =>
    withStore(async (store) => expect(store.synchronous).toBe(level), { synchronous })(),
  );

  it(
    'rejects with queue_full what passes the bound and appends what waited',
    withStore(
      async (store) => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 8 }, () => store.append(exampleAppend('a', 'any'))),
        );
        expect(outcomes.map((outcome) => outcome.status)).toEqual([
          ...Array<string>(5).fill('fulfilled'),
          ...Array<string>(3).fill('rejected'),
        ]);
        expect(outcomes[7]).toMatchObject({ reason: { code: 'queue_full' } });
        expect(await store.append(exampleAppend('a', 4))).toMatchObject({ revision: 5 });
      },
      { maxWaiting: 5 },
    ),
  );

  it(
    'commits the appends of one tick together and answers them in order, also more than fit one transaction',
    withStore(async (store) => {
      const many = await Promise.all(
        Array.from({ length: 3_000 }, (_, index) => store.append(exampleAppend(`s-${index}`, -1))),
      );
      expect(many.map((appended) => appended.position)).toEqual(many.map((_, index) => String(index + 1)));
    }),
  );

  it('records events at the time of its clock, and stands still while that is back', async () => {
    const clock = new SteppingClock();
    const store = SqliteEventStore.open({ file: nextFile(), clock });
    const startMs = clock.at;
    const times: number[] = [];
    for (const at of [startMs, startMs + 60_000, startMs - 3_540_000, startMs + 60_001]) {
      clock.at = at;
      times.push(Date.parse((await store.append(exampleAppend('a', 'any'))).recordedAt) - startMs);
    }
    expect(times).toEqual([0, 60_000, 60_000, 60_001]);
    await store.close();
  });

  it(
    'commits what was accepted before it closes',
    withStore(async (store, file) => {
      const accepted = Array.from({ length: 50 }, () => store.append(exampleAppend('a', 'any')));
      await store.close();
      expect((await Promise.all(accepted)).at(-1)).toMatchObject({ revision: 49 });
      const reader = SqliteEventReader.openReadOnly(file);
      expect(await reader.heads(['a', 'b'])).toEqual([49, -1]);
      reader.close();
    }),
  );

  it(
    'lets an append that fails while it is written take nothing with it but itself',
    withStore(async (store, file) => {
      const other = new Database(file);
      other.exec(`CREATE TRIGGER sabotage BEFORE INSERT ON events WHEN NEW.type = 'example.sabotaged'
        BEGIN SELECT RAISE(ABORT, 'sabotaged'); END`);
      other.close();
      const sabotaged = [exampleDraft(), exampleDraft({ type: 'example.sabotaged' })];
      await store.append(exampleAppend('old', -1));
      const outcomes = await Promise.allSettled([
        store.append(exampleAppend('a', -1)),
        store.append(exampleAppend('b', -1, { events: sabotaged })),
        store.append(exampleAppend('old', 0, { events: sabotaged })),
        store.append(exampleAppend('old', 0)),
        store.append(exampleAppend('b', -1)),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect(outcomes[1]).toMatchObject({ reason: { code: 'store_unavailable' } });
      const all = await SqliteFeed.of(store).read(null, 100);
      expect(all.map((event) => `${event.position} ${event.stream}/${event.revision}`)).toEqual([
        '1 old/0',
        '2 a/0',
        '3 old/1',
        '4 b/0',
      ]);
      expect(all[2]?.previousHash).toBe(all[0]?.hash);
    }),
  );

  it(
    'rejects with store_unavailable when the disk is full, and goes on when there is room again',
    withStore(async (store) => {
      await store.append(exampleAppend('a', -1));
      // The connection is private; a full disk is played by SQLite's own limit on the size of the file.
      const { db } = store as unknown as { db: Connection };
      const pages = db.pragma('max_page_count', { simple: true }) as number;
      db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`);
      const large = exampleDraft({ data: { text: 'x'.repeat(50_000) } });
      const outcomes = await Promise.allSettled([
        store.append(exampleAppend('b', -1)),
        store.append(exampleAppend('a', 0, { events: [large] })),
      ]);
      expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
      db.pragma(`max_page_count = ${pages}`);
      const [a, b] = await store.heads(['a', 'b']);
      expect([a, b]).toEqual([0, outcomes[0].status === 'fulfilled' ? 0 : -1]);
      expect(await store.append(exampleAppend('a', 0))).toMatchObject({ revision: 1 });
    }),
  );

  it(
    'rejects with outcome_unknown when the commit itself fails, and remembers nothing of it',
    withStore(async (store, file) => {
      await store.append(exampleAppend('a', -1));
      const other = new Database(file);
      other.exec(`CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER sabotage AFTER INSERT ON events BEGIN INSERT INTO child VALUES (1); END`);
      const appends = ['a', 'b'].map((stream) => store.append(exampleAppend(stream, 'any')));
      for (const append of appends) await expect(append).rejects.toMatchObject({ code: 'outcome_unknown' });
      other.exec('DROP TRIGGER sabotage');
      other.close();
      expect(await store.heads(['a', 'b'])).toEqual([0, -1]);
      expect(await store.append(exampleAppend('a', 0))).toMatchObject({ revision: 1, position: '2' });
    }),
  );

  it(
    'notices what another connection wrote, though it remembers heads',
    withStore(async (store, file) => {
      await store.append(exampleAppend('a', -1));
      const other = SqliteEventStore.open({ file, clock: new SteppingClock() });
      await other.append(exampleAppend('a', 0));
      expect(await store.heads(['a'])).toEqual([1]);
      await expect(store.append(exampleAppend('a', 0))).rejects.toMatchObject({ code: 'revision_conflict' });
      const guarded = exampleAppend('b', -1, { guards: [{ stream: 'a', revision: 0 }] });
      await expect(store.append(guarded)).rejects.toMatchObject({ code: 'guard_moved' });
      expect(await store.append(exampleAppend('a', 1))).toMatchObject({ revision: 2, position: '3' });
      await other.close();
    }),
  );

  it(
    'refuses a name that would make the hashed bytes ambiguous',
    withStore(async (store) => {
      await expect(store.append(exampleAppend('a\nb', -1))).rejects.toThrow(RangeError);
      await expect(
        store.append(exampleAppend('a', -1, { events: [exampleDraft({ type: 'a\nb' })] })),
      ).rejects.toThrow(RangeError);
    }),
  );
});
