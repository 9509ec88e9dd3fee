// The past of an account: at any moment it is what a naive fold of everything up to then says.
import { evolveAccount, evolveCutoffs, evolveSession, noCutoffs } from '@sallyport/core-session';
import { sessionStanding } from '@sallyport/core-session';
import type { AccountEvent, AccountState, CutoffEvent, SessionEvent } from '@sallyport/core-session';
import type { SessionState } from '@sallyport/core-session';
import type { RecordedEvent } from '@sallyport/engine';
import { dayMs, randomActs, RandomWorld } from '@sallyport/testing';
import fc from 'fast-check';
import { accountAt } from './account-at.js';

/** Fact by fact, whatever the events carry. */
function naive(events: readonly RecordedEvent[], accountId: string, nowMs: number): object {
  let account: AccountState | undefined;
  let cutoffs = noCutoffs;
  const sessions = new Map<string, SessionState | undefined>();
  for (const { stream, revision, type, data } of events) {
    const fact: unknown = { type, data };
    if (stream === `account-${accountId}`) account = evolveAccount(account, fact as AccountEvent, revision);
    if (stream === 'cutoffs') cutoffs = evolveCutoffs(cutoffs, fact as CutoffEvent, revision);
    const sessionId = /^session-(.*)$/.exec(stream)?.[1];
    if (sessionId?.startsWith(accountId) !== true) continue;
    sessions.set(sessionId, evolveSession(sessions.get(sessionId), fact as SessionEvent));
  }
  const stood = [...sessions].map(([sessionId, session]) => {
    const input = { sessionId, session: session as SessionState, account, cutoffs };
    return { sessionId, state: session, standing: sessionStanding(input, nowMs) };
  });
  return JSON.parse(JSON.stringify({ account: account ?? null, cutoffs, sessions: stood })) as object;
}

describe('an account at a moment', () => {
  it('is what a naive fold says, at every instant and at every position of random histories', async () => {
    const pause = fc.constantFrom(0, 1, 500, dayMs, 15 * dayMs);
    const pauses = fc.array(pause, { minLength: 140, maxLength: 140 });
    await fc.assert(
      fc.asyncProperty(randomActs(), pauses, fc.nat(), async (acts, waits, pick) => {
        const world = new RandomWorld();
        for (const [index, act] of acts.entries()) {
          await world.act(act);
          world.nowMs += waits[index] ?? 0;
        }
        const { events } = world.store.log;
        const middle = events[pick % events.length] as RecordedEvent;
        for (const offsetMs of [-1, 0, 1, 14 * dayMs]) {
          const nowMs = Date.parse(middle.recordedAt) + offsetMs;
          const instant = new Date(nowMs).toISOString();
          const past = events.filter(({ recordedAt }) => recordedAt <= instant);
          const found = await accountAt(world.store.feed, 'a0', { at: { kind: 'instant', instant } });
          expect(shown(found)).toEqual(naive(past, 'a0', nowMs));
          expect(found).toMatchObject({ position: past.at(-1)?.position ?? '0', instant });
        }
        const at = { kind: 'position' as const, position: middle.position };
        const upTo = events.slice(0, Number(middle.position));
        const found = await accountAt(world.store.feed, 'a1', { at });
        expect(shown(found)).toEqual(naive(upTo, 'a1', Date.parse(middle.recordedAt)));
      }),
      { numRuns: 100 },
    );
  });

  it('answers a refresh and a sign-in as the service does, reasons to those who have the key', async () => {
    const world = new RandomWorld();
    for (const kind of ['open', 'link', 'start'] as const) await world.act({ kind, who: 0, which: 0 });
    const now = async () => {
      const position = (await world.store.feed.head()) ?? '0';
      return accountAt(world.store.feed, 'a0', { at: { kind: 'position', position } });
    };
    expect(await now()).toMatchObject({ signIn: 'accepted', sessions: [{ refresh: { outcome: 'tokens' } }] });
    await world.act({ kind: 'lock', who: 0, which: 0 });
    const refused = { outcome: 'invalid_grant', reason: 'locked' };
    expect(await now()).toMatchObject({ signIn: 'locked', sessions: [{ refresh: refused }] });
    const before = await accountAt(world.store.feed, 'a0', { at: { kind: 'position', position: '0' } });
    expect(before).toMatchObject({ position: '0', signIn: 'no_account', sessions: [] });
  });
});

function shown({ account, cutoffs, sessions }: Awaited<ReturnType<typeof accountAt>>): object {
  const stood = sessions.map(({ sessionId, state, standing }) => ({ sessionId, state, standing }));
  return JSON.parse(JSON.stringify({ account: account ?? null, cutoffs, sessions: stood })) as object;
}
