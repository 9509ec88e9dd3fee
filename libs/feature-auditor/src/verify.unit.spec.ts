// The one pass over a ledger: silent on true ones, and each kind of problem is told where it is.
import type { Position, RecordedEvent } from '@sallyport/engine';
import { drawnActs, MemoryEventStore, MemoryLog, randomActs, RandomWorld } from '@sallyport/testing';
import fc from 'fast-check';
import { newAnchorKey, signAnchor } from './anchor.js';
import type { SignedAnchor } from './anchor.js';
import { verifyLedger } from './verify.js';
import type { Findings, VerifyOptions } from './verify.js';

async function history(count = 60, seed = 5): Promise<RecordedEvent[]> {
  const world = new RandomWorld();
  for (const act of drawnActs(count, seed)) await world.act(act);
  return world.store.log.events;
}

function verify(events: readonly RecordedEvent[], options: VerifyOptions = {}): Promise<Findings> {
  const log = new MemoryLog();
  log.events.push(...events);
  for (const event of events) {
    log.streams.set(event.stream, [...(log.streams.get(event.stream) ?? []), event]);
  }
  const store = new MemoryEventStore({ now: () => 0 }, { log });
  return verifyLedger({ feed: store.feed, store }, options);
}

async function anchored(events: readonly RecordedEvent[]): Promise<SignedAnchor> {
  const { position, recordedAt, events: count, streams, root } = await verify(events);
  const taken = { position, recordedAt, events: count, streams, root, takenAt: recordedAt };
  return signAnchor(taken, newAnchorKey());
}

/** The events with the one at `at` changed. */
function changed(
  events: readonly RecordedEvent[],
  at: Position,
  change: Partial<RecordedEvent>,
): RecordedEvent[] {
  return events.map((event) => (event.position === at ? { ...event, ...change } : event));
}

describe('a ledger', () => {
  it('holds whatever happened, and counts what it has', async () => {
    await fc.assert(
      fc.asyncProperty(randomActs(), async (acts) => {
        const world = new RandomWorld();
        for (const act of acts) await world.act(act);
        const { events } = world.store.log;
        const found = await verify(events);
        expect(found.problems).toEqual([]);
        const streams = new Set(events.map(({ stream }) => stream)).size;
        const { position, recordedAt } = events.at(-1) as RecordedEvent;
        const counted = { events: events.length, streams, problemCount: 0 };
        expect(found).toMatchObject({ ...counted, position, recordedAt });
      }),
      { numRuns: 50 },
    );
  });

  it('holds without any event', async () => {
    expect(await verify([])).toMatchObject({ events: 0, streams: 0, position: '0', problems: [] });
  });

  it.each<[string, Partial<RecordedEvent>, RegExp]>([
    ['a revision that leaves a gap', { revision: 9 }, /^account-a0\/9 \S+ is not at revision 1$/],
    ['a time before another', { recordedAt: '2020-01-01T00:00:00.000Z' }, /^position 2 .* at 2020.*before/],
    ['no time', { recordedAt: '2026-11-22T12' }, /^position 2 is recorded at no time/],
    ['another event before it', { previousHash: 'x' }, /names another event than the one before it/],
    ['no event before it', { previousHash: undefined }, /names no event before it/],
    ['another state', { data: { device: {}, state: { v: 1 } } }, /carries another state than it folds to/],
    ['no state', { data: {} }, /^account-a0\/1 account.device-linked (cannot be folded|carries no state)/],
    ['a type that nobody folds', { type: 'account.renamed' }, /cannot be folded: unknown account event/],
    ['a stream of no known kind', { stream: 'other-1', revision: 0 }, /^stream other-1 is of no known kind/],
  ])('is told of when an event has %s', async (_, change, problem) => {
    const { problems, problemCount } = await verify(changed(await history(), '2', change));
    expect(problems).toContainEqual(expect.stringMatching(problem));
    expect(problemCount).toBeGreaterThanOrEqual(problems.length);
  });

  it('tells the first hundred problems, and counts all', async () => {
    const events = (await history(600)).map((event) => ({ ...event, previousHash: 'x' }));
    const { problems, problemCount } = await verify(events);
    expect(problems).toHaveLength(100);
    expect(problemCount).toBeGreaterThanOrEqual(events.length);
  });
});

describe('a ledger held against an anchor', () => {
  it('holds as it was, and as it goes on', async () => {
    const events = await history();
    for (const length of [0, 1, 17, events.length]) {
      const anchor = await anchored(events.slice(0, length));
      expect((await verify(events, { anchor })).problems).toEqual([]);
    }
  });

  it('differs when the hash of any event before it is another, though nobody names it', async () => {
    const events = await history();
    const anchor = await anchored(events);
    const unnamed = (await verify(changed(events, events.at(-1)?.position ?? '', { hash: 'x' }))).problems;
    expect(unnamed).toEqual([]);
    for (const { position } of events) {
      const { problems } = await verify(changed(events, position, { hash: 'x' }), { anchor });
      expect(problems).toContainEqual(expect.stringContaining('is not what was anchored'));
    }
  });

  it('differs when two events of different streams, recorded at one time, have changed places', async () => {
    const events = (await history()).map((event) => ({ ...event, recordedAt: '2026-11-22T12:00:00.000Z' }));
    const anchor = await anchored(events);
    const at = events.findIndex((event, index) => index > 0 && event.stream !== events[index - 1]?.stream);
    const [one, other] = [events[at - 1], events[at]] as [RecordedEvent, RecordedEvent];
    const swapped = [...events];
    swapped[at - 1] = { ...other, position: one.position };
    swapped[at] = { ...one, position: other.position };
    expect((await verify(swapped)).problems).toEqual([]);
    const { problems } = await verify(swapped, { anchor });
    expect(problems).toEqual([expect.stringContaining('is not what was anchored')]);
  });

  it('differs when it ends before it', async () => {
    const events = await history();
    const anchor = await anchored(events);
    for (let length = 0; length < events.length; length += 1) {
      const { problems } = await verify(events.slice(0, length), { anchor });
      const gone = `the ledger has no event at position ${anchor.position}, where it was anchored`;
      expect(problems).toContain(gone);
    }
  });

  it('differs after its position too, where it is not what was written', async () => {
    const events = await history();
    const anchor = await anchored(events.slice(0, -1));
    const last = events.at(-1)?.position ?? '';
    const later = changed(events, last, { recordedAt: '2020-01-01T00:00:00.000Z' });
    expect((await verify(later, { anchor })).problems).toEqual([expect.stringContaining(`position ${last}`)]);
  });
});
