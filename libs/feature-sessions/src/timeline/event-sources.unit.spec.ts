// Which events a stream finds in the past: those of the ledger, all of them, in order, from any position.
import { streams } from '@sallyport/core-session';
import { timelineProjection, timelineViews } from '@sallyport/core-views';
import type { RecordedEvent } from '@sallyport/engine';
import { MemoryEventStore, MemoryViewStore } from '@sallyport/testing';
import fc from 'fast-check';
import { AccountSource, LedgerSource, Pace } from './event-sources.js';
import type { EventSource, SourceParts } from './event-sources.js';

const clock = { now: () => Date.parse('2026-11-22T12:00:00.000Z') };
const accounts = ['alice', 'bob'];

/** Does not wait: these tests read whole ledgers. */
class NoPace extends Pace {
  override turn(): Promise<void> {
    return Promise.resolve();
  }
}

interface World extends SourceParts {
  readonly store: MemoryEventStore;
  readonly views: MemoryViewStore;
}

/** Each number is an event: of an account, in one of its streams. */
async function worldOf(acts: readonly number[]): Promise<World> {
  const store = new MemoryEventStore(clock);
  const views = new MemoryViewStore();
  const sessions = new Map<string, string>();
  for (const [index, act] of acts.entries()) {
    const accountId = accounts[act % 2] ?? '';
    const kind = Math.floor(act / 2) % 6;
    const sessionId = `${accountId}-s${kind}`;
    const stream = [`login-name-${accountId}`, streams.login(accountId), streams.account(accountId)][kind];
    if (stream === undefined) sessions.set(sessionId, accountId);
    const context = { correlationId: 'c', causationId: 'c', actor: { kind: 'system' as const } };
    const draft = { id: `e${index}`, type: act % 3 === 0 ? 'a.a' : 'b.b', schemaVersion: 1, data: { act } };
    const events = [{ ...draft, ...context, partitionKey: accountId }];
    await store.append({ stream: stream ?? streams.session(sessionId), expected: 'any', events, guards: [] });
  }
  const changes = [...sessions].map(([key, owner]) => {
    return { view: timelineViews.session, key, row: { key, owner, body: {} } };
  });
  const { name: projection, generation } = timelineProjection;
  await views.commit({ projection, generation, from: null, to: '1', changes });
  const lag = () => Promise.resolve({ events: 0, seconds: 0 });
  const progress = { position: () => '1', waitFor: () => Promise.resolve(true), lag };
  return { store, views, feed: store.feed, progress, pace: new NoPace() };
}

async function pastOf(source: EventSource, from: number, until: number): Promise<string[]> {
  const found: RecordedEvent[] = [];
  const first = from === 0 ? null : String(from);
  for await (const page of source.past(first, String(until))) found.push(...page);
  return found.map(({ position }) => position);
}

const history = fc.record({
  acts: fc.array(fc.nat(11), { minLength: 1, maxLength: 120 }),
  from: fc.nat(120),
  until: fc.nat(120),
});

const isBetween = ({ position }: RecordedEvent, from: number, until: number): boolean =>
  Number(position) > from && Number(position) <= until;

describe('the past of an account', () => {
  it('is every event of its streams in the span, once and in order, whatever the history', async () => {
    const rule = fc.asyncProperty(history, async ({ acts, from, until }) => {
      const world = await worldOf(acts);
      const source = new AccountSource(world, 'alice');
      const all = await world.feed.read(null, 1_000);
      const expected = all.filter((event) => {
        const isHers = event.partitionKey === 'alice' && !event.stream.startsWith('login-name-');
        return isHers && isBetween(event, from, until);
      });
      expect(await pastOf(source, from, until)).toEqual(expected.map(({ position }) => position));
      const span = all.filter((event) => isBetween(event, from, until));
      expect(span.filter((event) => source.includes(event))).toEqual(expected);
    });
    await fc.assert(rule, { numRuns: 60 });
  });

  it('is of the types asked for', async () => {
    const world = await worldOf([2, 4, 6, 8, 10, 2, 4, 6]);
    const source = new AccountSource(world, 'alice', new Set(['a.a']));
    const all = await world.feed.read(null, 1_000);
    const expected = all.filter(({ type }) => type === 'a.a').map(({ position }) => position);
    expect(await pastOf(source, 0, 100)).toEqual(expected);
  });

  it('is not told while the views do not know all sessions of it', async () => {
    const world = await worldOf([2, 4, 6]);
    const { position, lag } = world.progress;
    const progress = { position, lag, waitFor: () => Promise.resolve(false) };
    const source = new AccountSource({ ...world, progress }, 'alice');
    await expect(pastOf(source, 0, 3)).rejects.toMatchObject({ reason: 'views_behind' });
  });

  it('reads of a long stream what is asked for, and little more', async () => {
    const world = await worldOf(Array.from({ length: 1_000 }, () => 6));
    let read = 0;
    const store = Object.assign(Object.create(world.store) as MemoryEventStore, {
      read: async (...args: Parameters<MemoryEventStore['read']>) => {
        const events = await world.store.read(...args);
        read += events.length;
        return events;
      },
    });
    const source = new AccountSource({ ...world, store }, 'alice');
    expect(await pastOf(source, 990, 1_000)).toHaveLength(10);
    expect(read).toBeLessThan(30);
  });
});

describe('the past of the ledger', () => {
  it('is every event in the span, or those of the types asked for', async () => {
    const rule = fc.asyncProperty(history, async ({ acts, from, until }) => {
      const world = await worldOf(acts);
      const span = (await world.feed.read(null, 1_000)).filter((event) => isBetween(event, from, until));
      const all = await pastOf(new LedgerSource(world, undefined), from, until);
      const some = await pastOf(new LedgerSource(world, new Set(['a.a'])), from, until);
      expect(all).toEqual(span.map(({ position }) => position));
      expect(some).toEqual(span.filter(({ type }) => type === 'a.a').map(({ position }) => position));
    });
    await fc.assert(rule, { numRuns: 30 });
  });
});
