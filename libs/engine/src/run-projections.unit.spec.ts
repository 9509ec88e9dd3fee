// What several projections on one feed promise: one read for all, rows and a checkpoint for each.
import type { Feed, Projection, ProjectionProgress, ViewCommit, ViewStore } from './index.js';
import { EngineError, runProjections } from './index.js';
import { MemoryEventStore, MemoryViewStore } from '@sallyport/testing';

const clock = { now: () => Date.parse('2026-11-22T12:00:00.000Z') };

/** Keeps the numbers it was given, in order, in one row. */
function keeper(name: string): Projection {
  return {
    name,
    generation: 1,
    views: [name],
    handlers: {
      'number.added': {
        touches: () => [{ view: name, key: 'all' }],
        apply: ({ data }, rows) => {
          const before = rows.get(name, 'all')?.body['seen'] ?? '';
          const body = { seen: `${String(before)},${String(data['n'])}` };
          rows.put(name, { key: 'all', owner: 'all', body });
        },
      },
    },
    ignored: {},
  };
}

const [left, right] = [keeper('left'), keeper('right')];
const ignored = { 'number.added': 'No.' };
const silent: Projection = { ...left, name: 'silent', views: [], handlers: {}, ignored };

async function filled(events: number): Promise<MemoryEventStore> {
  const store = new MemoryEventStore(clock);
  const actor = { kind: 'system' as const };
  const context = { correlationId: 'c', causationId: 'c', partitionKey: 's', actor };
  for (let n = 0; n < events; n += 1) {
    const draft = { id: `e${n}`, type: 'number.added', schemaVersion: 1, data: { n }, ...context };
    await store.append({ stream: 's', expected: 'any', events: [draft], guards: [] });
  }
  return store;
}

/** Runs until all stand at the head; what was told on the way. */
async function runToHead(
  projections: readonly Projection[],
  feed: Feed,
  views: ViewStore,
): Promise<ProjectionProgress[]> {
  const head = await feed.head();
  const stop = new AbortController();
  const told: ProjectionProgress[] = [];
  const progressed = (progress: ProjectionProgress): void => {
    told.push(progress);
    if (progress.position === head) stop.abort();
  };
  const options = { batchSize: 4, signal: stop.signal, progressed };
  await runProjections(projections, { feed, views, clock }, options);
  return told;
}

const seen = async (views: ViewStore, name: string): Promise<unknown> =>
  (await views.load(name, 1, ['all'])).get('all')?.body['seen'];

describe('runProjections', () => {
  it('reads each event once for all of them, and folds it into the rows of each', async () => {
    const { feed } = await filled(10);
    const views = new MemoryViewStore();
    let read = 0;
    const counted: Feed = Object.assign(Object.create(feed) as Feed, {
      read: async (...args: Parameters<Feed['read']>) => {
        const events = await feed.read(...args);
        read += events.length;
        return events;
      },
    });
    await runToHead([left, right, silent], counted, views);
    expect(read).toBe(10);
    for (const name of ['left', 'right']) expect(await seen(views, name)).toBe(',0,1,2,3,4,5,6,7,8,9');
    for (const name of ['left', 'right', 'silent']) expect(await views.checkpoint(name, 1)).toBe('10');
  });

  it('brings one that stands further back up to the others, and applies nothing twice', async () => {
    const { feed } = await filled(10);
    const views = new MemoryViewStore();
    await runToHead([left], feed, views);
    const told = await runToHead([left, right], feed, views);
    for (const name of ['left', 'right']) expect(await seen(views, name)).toBe(',0,1,2,3,4,5,6,7,8,9');
    expect(told.map(({ position }) => position)).toEqual(['4', '8', '10']);
  });

  it('tells no progress while one could not be written, and takes up where that one stood', async () => {
    const { feed } = await filled(6);
    const views = new MemoryViewStore();
    let failures = 0;
    const failing = Object.assign(Object.create(views) as MemoryViewStore, {
      commit: (commit: ViewCommit) => {
        const fails = commit.projection === 'right' && (failures += 1) === 1;
        return fails ? Promise.reject(new EngineError('store_unavailable')) : views.commit(commit);
      },
    });
    const told = await runToHead([left, right], feed, failing);
    for (const name of ['left', 'right']) expect(await seen(views, name)).toBe(',0,1,2,3,4,5');
    expect(told.map(({ position }) => position)).toEqual(['4', '6']);
  });
});
