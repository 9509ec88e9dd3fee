// The replay of views: equal to what was folded live, however often cut short, and loud about other rows.
import { sessionsProjection, timelineProjection } from '@sallyport/core-views';
import { EngineError, runProjections } from '@sallyport/engine';
import type { ProjectionProgress, ViewCommit, ViewRow } from '@sallyport/engine';
import { drawnActs, MemoryViewStore, randomActs, RandomWorld } from '@sallyport/testing';
import fc from 'fast-check';
import { replayViews } from './replay-views.js';
import type { ViewFindings } from './replay-views.js';

const projections = [sessionsProjection, timelineProjection];

/** A store whose writer dies at its commit number `dies`: before it, or before it hears of it. */
class DyingViews extends MemoryViewStore {
  dies = Infinity;
  heard = true;

  override async commit(commit: ViewCommit): Promise<void> {
    this.dies -= 1;
    if (this.dies === 0 && !this.heard) await super.commit(commit);
    if (this.dies <= 0) throw new EngineError('store_unavailable');
    await super.commit(commit);
  }
}

/** Follows to the head, or until it dies. */
async function follow(world: RandomWorld, views: DyingViews, batchSize: number): Promise<void> {
  const stop = new AbortController();
  const head = await world.store.feed.head();
  const progressed = ({ position }: ProjectionProgress) => {
    if (position === head) stop.abort();
  };
  const options = { signal: stop.signal, batchSize, progressed, failed: () => stop.abort() };
  const ports = { feed: world.store.feed, views, clock: { now: () => world.nowMs } };
  await runProjections(projections, ports, options);
}

function replay(world: RandomWorld, live: MemoryViewStore): Promise<ViewFindings> {
  return replayViews(projections, { feed: world.store.feed, live, rebuilt: new MemoryViewStore() });
}

describe('views made again', () => {
  it('equal the live ones after random histories whose writer was killed again and again', async () => {
    const kill = fc.record({ after: fc.integer({ min: 1, max: 6 }), heard: fc.boolean() });
    const kills = fc.array(kill, { minLength: 1, maxLength: 5 });
    const batchSizes = fc.integer({ min: 1, max: 20 });
    await fc.assert(
      fc.asyncProperty(randomActs(), kills, batchSizes, async (acts, deaths, batchSize) => {
        const world = new RandomWorld();
        const live = new DyingViews();
        const pace = Math.ceil(acts.length / (deaths.length + 1));
        for (const [index, act] of acts.entries()) {
          await world.act(act);
          const death = index % pace === pace - 1 ? deaths[Math.floor(index / pace)] : undefined;
          if (death === undefined) continue;
          Object.assign(live, { dies: death.after, heard: death.heard });
          await follow(world, live, batchSize);
          const { differences, problems } = await replay(world, live);
          expect({ differences, problems }).toEqual({ differences: [], problems: [] });
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, (row: ViewRow) => ViewRow | null, object]>([
    ['another body', (row) => ({ ...row, body: { ...row.body, jkt: 'x' } }), { members: ['jkt'] }],
    ['another owner', (row) => ({ ...row, owner: 'a1' }), { members: ['owner'] }],
    ['no row', () => null, { members: [], rebuilt: expect.anything() as object }],
  ])('tell of %s', async (_, change, told) => {
    const { world, live } = await followed();
    const [row] = await live.list('device', 1, 'a0');
    await alter(live, row?.key ?? '', change(row as ViewRow));
    const found = await replay(world, live);
    const differences = [{ view: 'device', key: row?.key, ...told }];
    expect(found).toMatchObject({ differenceCount: 1, differences });
    const differing = found.views.filter((view) => view.differing > 0);
    expect(differing).toMatchObject([{ view: 'device', differing: 1 }]);
  });

  it('tell of a row too many, first, in the middle and last', async () => {
    const { world, live } = await followed();
    for (const key of ['', 'a0-d1', 'zzz']) {
      await alter(live, key, { key, owner: 'a0', body: {} });
    }
    const { differences } = await replay(world, live);
    expect(differences.map(({ key }) => key)).toEqual(['zzz', 'a0-d1', '']);
    expect(differences.every(({ rebuilt }) => rebuilt === undefined)).toBe(true);
  });

  it('tell of views that stand past the end of the ledger', async () => {
    const { live } = await followed();
    const { problems } = await replay(new RandomWorld(), live);
    expect(problems[0]).toMatch(/^the views of sessions stand at \d+, past the end of the ledger at 0$/);
  });
});

async function followed(): Promise<{ readonly world: RandomWorld; readonly live: DyingViews }> {
  const world = new RandomWorld();
  for (const act of drawnActs(60, 3)) await world.act(act);
  const live = new DyingViews();
  await follow(world, live, 7);
  return { world, live };
}

async function alter(live: MemoryViewStore, key: string, row: ViewRow | null): Promise<void> {
  const { name: projection, generation } = sessionsProjection;
  const from = await live.checkpoint(projection, generation);
  const changes = [{ view: 'device', key, row }];
  await live.commit({ projection, generation, from, to: from ?? '0', changes });
}
