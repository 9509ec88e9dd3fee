// The session views over random histories: a rebuild equals what was folded live, and both equal the streams.
import { sessionsProjection } from '@sallyport/core-views';
import { rebuildProjection, runProjection } from '@sallyport/engine';
import type { ProjectionProgress } from '@sallyport/engine';
import { MemoryViewStore, randomAccounts, randomActs, RandomWorld } from '@sallyport/testing';
import fc from 'fast-check';

/** Types that views are ready for and that nothing appends yet. */
const later = ['account.device-attested', 'session.step-up-completed', 'session.sensitive-action-checked'];

/** Runs to the head. */
async function runLive(world: RandomWorld, views: MemoryViewStore, batchSize: number): Promise<void> {
  const head = await world.store.feed.head();
  const stop = new AbortController();
  const progressed = ({ position }: ProjectionProgress) => {
    if (position === head) stop.abort();
  };
  const ports = { feed: world.store.feed, views, clock: { now: () => world.nowMs } };
  await runProjection(sessionsProjection, ports, { signal: stop.signal, batchSize, progressed });
}

async function everyRow(views: MemoryViewStore): Promise<object> {
  const owners = ['cutoffs', ...Array.from({ length: randomAccounts }, (_, who) => `a${who}`)];
  const lists = owners.flatMap((owner) =>
    sessionsProjection.views.map(
      async (view) => [`${owner} ${view}`, await views.list(view, 1, owner)] as const,
    ),
  );
  return Object.fromEntries(await Promise.all(lists));
}

describe('the session views', () => {
  it('folded live in batches of any size equal a rebuild, and the streams folded fact by fact', async () => {
    const types = new Set<string>();
    const steps = fc.integer({ min: 1, max: 40 });
    const batchSizes = fc.integer({ min: 1, max: 20 });
    await fc.assert(
      fc.asyncProperty(randomActs(), steps, batchSizes, async (acts, step, batchSize) => {
        const world = new RandomWorld();
        const live = new MemoryViewStore();
        for (const [index, one] of acts.entries()) {
          await world.act(one);
          if (index % step === 0) await runLive(world, live, batchSize);
        }
        for (const { type } of world.store.log.events) types.add(type);
        await runLive(world, live, batchSize);
        const rows = await everyRow(live);
        const ports = { feed: world.store.feed, views: live, clock: { now: () => world.nowMs } };
        await rebuildProjection(sessionsProjection, ports, { signal: new AbortController().signal });
        expect(await everyRow(live)).toEqual(rows);
        for (const [id, { account, revision }] of world.accounts) {
          const row = (await live.load('account', 1, [id])).get(id);
          expect(row?.body).toEqual({ revision, state: JSON.parse(JSON.stringify(account)) });
        }
        for (const [id, session] of world.sessions) {
          const row = (await live.load('session', 1, [id])).get(id);
          expect(row?.body['state']).toEqual(JSON.parse(JSON.stringify(session)));
        }
      }),
      { numRuns: 100, verbose: 1 },
    );
    const appended = Object.keys(sessionsProjection.handlers).filter((type) => !later.includes(type));
    expect([...types]).toEqual(expect.arrayContaining(appended));
  });
});
