// The timeline of an account from the ledger itself: every event of its own, in order, refreshes summed up.
import { drawnActs, RandomWorld } from '@sallyport/testing';
import { accountTimeline } from './account-timeline.js';
import type { TimelineLine, TimelineOptions } from './account-timeline.js';

async function told(
  world: RandomWorld,
  options: TimelineOptions = {},
  account = 'a0',
): Promise<TimelineLine[]> {
  const lines: TimelineLine[] = [];
  for await (const line of accountTimeline(world.store.feed, account, options)) lines.push(line);
  return lines;
}

async function signedIn(...more: ('refresh' | 'lock' | 'end')[]): Promise<RandomWorld> {
  const world = new RandomWorld();
  for (const kind of ['open', 'link', 'start', ...more] as const) await world.act({ kind, who: 0, which: 0 });
  return world;
}

describe('the timeline of an account', () => {
  it('tells each event of the account and every cutoff, and nothing of others', async () => {
    const world = new RandomWorld();
    for (const act of drawnActs(300, 11)) await world.act(act);
    const lines = await told(world, { every: true });
    const theirs = world.store.log.events.filter(({ partitionKey, stream }) => {
      return partitionKey === 'a0' || stream === 'cutoffs';
    });
    expect(lines.map(({ position, type }) => [position, type])).toEqual(
      theirs.map(({ position, type }) => [position, type]),
    );
    expect(lines.every(({ sentence }) => /^[A-Z].*\.$/.test(sentence))).toBe(true);
  });

  it('sums up refreshes until something else happens, and says how many and when the last was', async () => {
    const world = await signedIn('refresh', 'refresh', 'refresh', 'lock');
    const lines = await told(world);
    const refreshes = world.store.log.events.filter(({ stream }) => stream === 'session-a0-s0').slice(1);
    expect(refreshes.length).toBeGreaterThan(1);
    expect(lines.map(({ type }) => type).at(-1)).toBe('account.locked');
    expect(lines.find(({ count }) => count !== undefined)).toMatchObject({
      type: 'session.refresh-rotated',
      until: expect.any(String) as string,
    });
    expect(lines.length).toBeLessThan(world.store.log.events.length);
  });

  it('names the app and the device of a session whose event does not say them', async () => {
    const world = await signedIn('end');
    const lines = await told(world);
    const { clientId, deviceId } = lines.find(({ type }) => type === 'session.started') ?? {};
    expect(lines.at(-1)).toMatchObject({ type: 'session.revoked', clientId, deviceId });
    expect(lines.at(-1)?.sentence).toContain(`device ${deviceId}`);
  });

  it('is cut where it was asked to begin and to end, and still knows what came before', async () => {
    const world = await signedIn('end');
    const last = world.store.log.events.at(-1);
    const from = { kind: 'position' as const, position: last?.position ?? '' };
    const [line, ...more] = await told(world, { from });
    expect(more).toEqual([]);
    expect(line?.deviceId).toBeDefined();
    const first = await told(world, { to: { kind: 'position', position: '1' } });
    expect(first).toMatchObject([{ type: 'account.opened' }]);
    expect(await told(world, { from: { kind: 'instant', instant: '2100-01-01T00:00:00.000Z' } })).toEqual([]);
    expect(await told(world, {}, 'nobody')).toEqual([]);
  });
});
