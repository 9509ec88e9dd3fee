// The pace of a projection: batches that were not full are apart from each other, full ones are not.
import { MemoryEventStore, MemoryViewStore } from '@sallyport/testing';
import type { Feed } from './feed.js';
import type { Projection } from './projection.js';
import { runProjection } from './run-projection.js';
import type { ProjectionProgress } from './run-projection.js';

const seen: Projection = {
  name: 'seen',
  generation: 1,
  views: ['seen'],
  handlers: {},
  ignored: { 'number.seen': 'only its place counts here' },
};

async function add(store: MemoryEventStore, count: number): Promise<void> {
  const actor = { kind: 'system' as const };
  const context = { correlationId: 'c', causationId: 'c', partitionKey: '*', actor };
  const draft = { type: 'number.seen', schemaVersion: 1, data: {}, ...context };
  for (let n = 0; n < count; n += 1) {
    const events = [{ ...draft, id: `${n}` }];
    await store.append({ stream: 's', expected: 'any', events, guards: [] });
  }
}

it('lets its pace pass after a batch that was not full, and waits after none that was', async () => {
  const store = new MemoryEventStore(Date);
  await add(store, 9);
  const starts: number[] = [];
  const feed = Object.assign(Object.create(store.feed) as Feed, {
    read: (...args: Parameters<Feed['read']>) => (starts.push(Date.now()), store.feed.read(...args)),
  });
  const stop = new AbortController();
  const progressed = ({ position }: ProjectionProgress) => {
    if (position === '9') void add(store, 1);
    if (position === '10') stop.abort();
  };
  const options = { batchSize: 4, paceMs: 60, signal: stop.signal, progressed };
  await runProjection(seen, { feed, views: new MemoryViewStore(), clock: Date }, options);
  const gaps = starts.slice(1).map((at, index) => at - starts[index]!);
  expect(Math.max(gaps[0]!, gaps[1]!)).toBeLessThan(50);
  expect(gaps[2]).toBeGreaterThanOrEqual(58);
});
