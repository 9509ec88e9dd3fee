// What a projection promises: every event once, in order, whatever fails and whoever dies.
import type {
  Clock,
  Feed,
  Projection,
  ProjectionOptions,
  ProjectionProgress,
  RecordedEvent,
  ViewCommit,
  ViewStore,
} from './index.js';
import { EngineError, rebuildProjection, runProjection } from './index.js';
import { MemoryEventStore, MemoryViewStore } from '@sallyport/testing';

const clock: Clock = { now: () => Date.parse('2026-11-22T12:00:00.000Z') };

/** Per stream: what was added, as a string that shows order and repetition. */
const sums: Projection = {
  name: 'sums',
  generation: 1,
  views: ['sum'],
  handlers: {
    'number.added': {
      touches: ({ stream }) => [{ view: 'sum', key: stream }],
      apply: ({ stream, data }, rows) => {
        const before = rows.get('sum', stream)?.body['seen'] ?? '';
        rows.put('sum', {
          key: stream,
          owner: 'all',
          body: { seen: `${String(before)},${String(data['n'])}` },
        });
      },
    },
    'number.cleared': {
      touches: ({ stream }) => [{ view: 'sum', key: stream }],
      apply: ({ stream }, rows) => rows.delete('sum', stream),
    },
  },
  ignored: { 'number.seen': 'It changes nothing.' },
};

let made = 0;
async function add(
  store: MemoryEventStore,
  stream: string,
  event: { type?: string; n?: number } = {},
): Promise<void> {
  made += 1;
  const draft = {
    id: String(made),
    type: event.type ?? 'number.added',
    schemaVersion: 1,
    data: { n: event.n ?? made },
  };
  const context = {
    correlationId: 'c',
    causationId: 'c',
    partitionKey: stream,
    actor: { kind: 'system' as const },
  };
  await store.append({ stream, expected: 'any', events: [{ ...draft, ...context }], guards: [] });
}

async function filled(events: number): Promise<MemoryEventStore> {
  const store = new MemoryEventStore(clock);
  for (let n = 0; n < events; n += 1) await add(store, `s${n % 3}`, { n });
  return store;
}

/** Runs until the views stand at the feed's head. */
async function runToHead(feed: Feed, views: ViewStore, how: Partial<ProjectionOptions> = {}): Promise<void> {
  const head = await feed.head();
  const stop = new AbortController();
  const progressed = ({ position }: ProjectionProgress) => {
    if (position === head) stop.abort();
  };
  const options = { batchSize: 4, ...how, signal: stop.signal, progressed };
  await runProjection(sums, { feed, views, clock }, options);
}

async function table(views: ViewStore): Promise<Record<string, unknown>> {
  return Object.fromEntries((await views.list('sum', 1, 'all')).map(({ key, body }) => [key, body['seen']]));
}

/** Fails the calls that `fault` names, by method and count from 1. */
function faulty(views: ViewStore, fault: (method: string, call: number) => unknown): ViewStore {
  const calls = new Map<string, number>();
  return new Proxy(views, {
    get:
      (target, name: keyof ViewStore) =>
      async (...args: never[]) => {
        const call = (calls.get(name) ?? 0) + 1;
        calls.set(name, call);
        await fault(name, call);
        return (target[name] as (...args: never[]) => unknown).apply(target, args);
      },
  });
}

const expected = { s0: ',0,3,6,9', s1: ',1,4,7', s2: ',2,5,8' };

describe('runProjection', () => {
  it('folds every event once, in order, over several batches', async () => {
    const views = new MemoryViewStore();
    await runToHead((await filled(10)).feed, views);
    expect(await table(views)).toEqual(expected);
    expect(await views.checkpoint('sums', 1)).toBe('10');
  });

  it('loads each touched row once and writes each changed row once a batch', async () => {
    const views = new MemoryViewStore();
    const loads: unknown[] = [];
    const commits: ViewCommit[] = [];
    const watched = Object.assign(Object.create(views) as MemoryViewStore, {
      load: (...args: Parameters<ViewStore['load']>) => (loads.push(args[2]), views.load(...args)),
      commit: (commit: ViewCommit) => (commits.push(commit), views.commit(commit)),
    });
    await runToHead((await filled(10)).feed, watched, { batchSize: 10 });
    expect(loads).toEqual([['s0', 's1', 's2']]);
    expect(commits.map(({ changes }) => changes.length)).toEqual([3]);
  });

  it('deletes rows, and finds them gone within the batch and after it', async () => {
    const store = await filled(3);
    await add(store, 's1', { type: 'number.cleared' });
    await add(store, 's2', { type: 'number.cleared' });
    await add(store, 's2', { n: 7 });
    const views = new MemoryViewStore();
    await runToHead(store.feed, views, { batchSize: 100 });
    expect(await table(views)).toEqual({ s0: ',0', s2: ',7' });
  });

  it('moves the checkpoint past events that it ignores', async () => {
    const store = await filled(1);
    await add(store, 's0', { type: 'number.seen' });
    const views = new MemoryViewStore();
    await runToHead(store.feed, views);
    expect(await views.checkpoint('sums', 1)).toBe('2');
  });

  it('goes on where another run was killed between load and commit, and applies nothing twice', async () => {
    const { feed } = await filled(10);
    const views = new MemoryViewStore();
    const killed = new Promise<string>((resolve) => {
      const dying = faulty(views, (method, call) => {
        if (method !== 'commit' || call < 2) return undefined;
        resolve('killed');
        return new Promise(() => undefined);
      });
      void runToHead(feed, dying);
    });
    expect(await killed).toBe('killed');
    expect(await views.checkpoint('sums', 1)).toBe('4');
    await runToHead(feed, views);
    expect(await table(views)).toEqual(expected);
  });

  it('goes on from the checkpoint that another writer moved', async () => {
    const { feed } = await filled(10);
    const views = new MemoryViewStore();
    const overtaken = faulty(views, (method, call) =>
      method === 'commit' && call === 1 ? runToHead(feed, views) : undefined,
    );
    await runToHead(feed, overtaken);
    expect(await table(views)).toEqual(expected);
  });

  it.each(['store_unavailable', 'outcome_unknown'] as const)(
    'waits out %s at every call of the view store and skips nothing',
    async (code) => {
      const store = await filled(10);
      const views = new MemoryViewStore();
      const failures: number[] = [];
      const failing = faulty(views, (_method, call) => {
        if (call === 2) throw new EngineError(code);
      });
      await runToHead(store.feed, failing, { failed: (_error, retryInMs) => failures.push(retryInMs) });
      expect(failures.length).toBe(3);
      expect(await table(views)).toEqual(expected);
    },
  );

  it('applies a batch once whose commit counted though its answer was lost', async () => {
    const { feed } = await filled(10);
    const views = new MemoryViewStore();
    let lost = 0;
    const losing = Object.assign(Object.create(views) as MemoryViewStore, {
      commit: async (commit: ViewCommit) => {
        await views.commit(commit);
        if ((lost += 1) === 1) throw new EngineError('outcome_unknown');
      },
    });
    await runToHead(feed, losing);
    expect(await table(views)).toEqual(expected);
  });

  it('waits longer after each failure in a row', async () => {
    const { feed } = await filled(1);
    const stop = new AbortController();
    const delays: number[] = [];
    const away = faulty(new MemoryViewStore(), () => Promise.reject(new EngineError('store_unavailable')));
    const failed = (_error: unknown, retryInMs: number) => delays.push(retryInMs) === 3 && stop.abort();
    await runProjection(sums, { feed, views: away, clock }, { signal: stop.signal, failed });
    expect(delays).toEqual([50, 100, 200]);
  });

  it('follows the live tail', async () => {
    const store = await filled(3);
    const views = new MemoryViewStore();
    const stop = new AbortController();
    const run = runProjection(sums, { feed: store.feed, views, clock }, { signal: stop.signal });
    await add(store, 's0', { n: 3 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await add(store, 's1', { n: 4 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await table(views)).toEqual({ s0: ',0,3', s1: ',1,4', s2: ',2' });
    stop.abort();
    await run;
  });

  it('finishes the batch in hand when it is told to stop', async () => {
    const { feed } = await filled(10);
    const views = new MemoryViewStore();
    const stop = new AbortController();
    const stopping = faulty(views, (method) => method === 'load' && stop.abort());
    await runProjection(sums, { feed, views: stopping, clock }, { signal: stop.signal, batchSize: 4 });
    expect(await views.checkpoint('sums', 1)).toBe('4');
    expect(await table(views)).toEqual({ s0: ',0,3', s1: ',1', s2: ',2' });
  });

  it('tells how far it is behind, in events and milliseconds', async () => {
    let nowMs = clock.now();
    const store = new MemoryEventStore({ now: () => nowMs });
    for (let n = 0; n < 6; n += 1) await add(store, 's0', { n });
    nowMs += 1500;
    const seen: ProjectionProgress[] = [];
    const stop = new AbortController();
    const progressed = (progress: ProjectionProgress) => seen.push(progress) === 2 && stop.abort();
    const ports = { feed: store.feed, views: new MemoryViewStore(), clock: { now: () => nowMs } };
    await runProjection(sums, ports, { signal: stop.signal, batchSize: 4, progressed });
    expect(seen).toEqual([
      { position: '4', lagEvents: 2, lagMs: 1500 },
      { position: '6', lagEvents: 0, lagMs: 0 },
    ]);
  });

  it('stops at an event type it does not know, and writes nothing of its batch', async () => {
    const store = await filled(2);
    await add(store, 's0', { type: 'number.doubled' });
    const views = new MemoryViewStore();
    await expect(runToHead(store.feed, views)).rejects.toThrow('neither handles nor ignores number.doubled');
    expect(await views.checkpoint('sums', 1)).toBeNull();
  });

  it('stops at a handler that uses a row it did not name', async () => {
    const store = await filled(1);
    const careless: RecordedEvent['type'] = 'number.added';
    const projection: Projection = {
      ...sums,
      handlers: {
        ...sums.handlers,
        [careless]: { touches: () => [], apply: (_event, rows) => rows.delete('sum', 's9') },
      },
    };
    const ports = { feed: store.feed, views: new MemoryViewStore(), clock };
    const run = runProjection(projection, ports, { signal: new AbortController().signal });
    await expect(run).rejects.toThrow('row s9 of view sum is not in touches');
  });
});

describe('rebuildProjection', () => {
  const signal = new AbortController().signal;

  it('makes the same rows again from nothing', async () => {
    const { feed } = await filled(10);
    const views = new MemoryViewStore();
    await runToHead(feed, views);
    await views.commit({
      projection: 'sums',
      generation: 1,
      from: '10',
      to: '10',
      changes: [{ view: 'sum', key: 's9', row: { key: 's9', owner: 'all', body: { seen: 'wrong' } } }],
    });
    expect(await rebuildProjection(sums, { feed, views, clock }, { signal, batchSize: 4 })).toBe('10');
    expect(await table(views)).toEqual(expected);
  });

  it('is done at once on an empty store', async () => {
    const ports = { feed: new MemoryEventStore(clock).feed, views: new MemoryViewStore(), clock };
    expect(await rebuildProjection(sums, ports, { signal })).toBeNull();
  });
});
