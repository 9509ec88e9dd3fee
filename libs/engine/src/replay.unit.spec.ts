// What a replay promises: the rows that a live run makes, whatever fits into memory, up to a position.
import type { Feed, Position, Projection, ViewCommit } from './index.js';
import { EngineError, rebuildProjection, replayProjections } from './index.js';
import { MemoryEventStore, MemoryViewStore } from '@sallyport/testing';
import fc from 'fast-check';

const clock = { now: () => Date.parse('2026-11-22T12:00:00.000Z') };

/** Keeps the numbers given to each key in its row; 0 deletes it. */
function keeper(name: string): Projection {
  return {
    name,
    generation: 1,
    views: [name],
    handlers: {
      'number.added': {
        touches: ({ data }) => [{ view: name, key: String(data['key']) }],
        apply: ({ data }, rows) => {
          const key = String(data['key']);
          const seen = `${String(rows.get(name, key)?.body['seen'] ?? '')},${String(data['n'])}`;
          if (data['n'] === 0) rows.delete(name, key);
          else rows.put(name, { key, owner: 'all', body: { seen } });
        },
      },
    },
    ignored: {},
  };
}

const [left, right] = [keeper('left'), keeper('right')];
const numbers = fc.array(fc.record({ key: fc.nat(8), n: fc.nat(3) }), { maxLength: 60 });

async function filled(added: readonly { readonly key: number; readonly n: number }[]): Promise<Feed> {
  const store = new MemoryEventStore(clock);
  const actor = { kind: 'system' as const };
  const context = { correlationId: 'c', causationId: 'c', partitionKey: 's', actor };
  for (const [index, data] of added.entries()) {
    const draft = { id: `e${index}`, type: 'number.added', schemaVersion: 1, data, ...context };
    await store.append({ stream: 's', expected: 'any', events: [draft], guards: [] });
  }
  return store.feed;
}

/** Reads at most so many events at once, so that a short history takes several pages. */
function inPages(feed: Feed, size: number): Feed {
  const read = (after: Position | null, limit: number) => feed.read(after, Math.min(limit, size));
  return Object.assign(Object.create(feed) as Feed, { read });
}

describe('replayProjections', () => {
  it('makes the rows that a live run makes, however few of them fit into memory', async () => {
    const upTo = (max: number) => fc.integer({ min: 1, max });
    const limits = fc.record({ page: upTo(9), maxRows: upTo(20) });
    await fc.assert(
      fc.asyncProperty(numbers, limits, async (added, { page, maxRows }) => {
        const feed = await filled(added);
        const [live, views] = [new MemoryViewStore(), new MemoryViewStore()];
        const to = String(added.length);
        const replays = [left, right].map((projection) => ({ projection, to }));
        const ports = { feed: inPages(feed, page), views };
        expect(await replayProjections(replays, ports, { maxRows })).toBe(added.length);
        for (const projection of [left, right]) {
          const { name } = projection;
          const signal = new AbortController().signal;
          await rebuildProjection(projection, { feed, views: live, clock }, { signal, batchSize: page });
          expect(await views.list(name, 1, 'all')).toEqual(await live.list(name, 1, 'all'));
          expect(await views.checkpoint(name, 1)).toBe(await live.checkpoint(name, 1));
        }
      }),
    );
  });

  it('folds each projection up to its own position', async () => {
    const feed = await filled([1, 2, 3].map((n) => ({ key: 0, n })));
    const views = new MemoryViewStore();
    await replayProjections(
      [
        { projection: left, to: '2' },
        { projection: right, to: '0' },
      ],
      { feed, views },
    );
    expect(await views.list('left', 1, 'all')).toMatchObject([{ body: { seen: ',1,2' } }]);
    expect(await views.checkpoint('left', 1)).toBe('2');
    expect(await views.checkpoint('right', 1)).toBeNull();
  });

  it('writes a row once that changes often, and begins from nothing', async () => {
    const feed = await filled(Array.from({ length: 40 }, () => ({ key: 1, n: 1 })));
    const views = new MemoryViewStore();
    await replayProjections([{ projection: left, to: '40' }], { feed, views });
    const commits: ViewCommit[] = [];
    const counted = Object.assign(Object.create(views) as MemoryViewStore, {
      commit: (commit: ViewCommit) => {
        commits.push(commit);
        return views.commit(commit);
      },
    });
    await replayProjections([{ projection: left, to: '40' }], { feed: inPages(feed, 3), views: counted });
    expect(commits).toMatchObject([{ from: null, to: '40', changes: [{ key: '1' }] }]);
  });

  it('rejects when a port fails, and tells how far it is until then', async () => {
    const feed = inPages(await filled(Array.from({ length: 9 }, () => ({ key: 1, n: 1 }))), 3);
    const failing = Object.assign(Object.create(feed) as Feed, {
      read: (after: Position | null, limit: number) =>
        after === '6' ? Promise.reject(new EngineError('store_unavailable')) : feed.read(after, limit),
    });
    const told: Position[] = [];
    const progressed = (position: Position) => told.push(position);
    const replay = [{ projection: left, to: '9' }];
    const ports = { feed: failing, views: new MemoryViewStore() };
    const running = replayProjections(replay, ports, { progressed });
    await expect(running).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(told).toEqual(['3', '6']);
  });
});
