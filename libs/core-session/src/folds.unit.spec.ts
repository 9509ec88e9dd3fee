// The check of a recorded ledger: silent on a true one, and loud about every way to falsify one.
import {
  accountEvents,
  aliceId,
  assertLedgerFolds,
  keyBoundStarted,
  MemoryEventStore,
} from '@sallyport/testing';
import { minuteMs, openedMs, refreshOf, sessionId, standingOf, startedMs } from '@sallyport/testing';
import type { SallyportEvent } from './catalogue.js';
import { streams } from './catalogue.js';
import { foldOf, streamProblems } from './folds.js';
import { rotate } from './rotation.js';
import { carriedSession } from './session-events.js';
import type { SessionState } from './session-events.js';
import { revokeSession } from './session.js';

const session = streams.session(sessionId);
type Recorded = Parameters<typeof assertLedgerFolds>[0][number];

/** An account, a session that is rotated twice and revoked, sign-in attempts and keys, as a store records
 * them. */
async function ledger(): Promise<Recorded[]> {
  const store = new MemoryEventStore({ now: () => openedMs });
  const add = async (stream: string, event: SallyportEvent, expected: number | 'any'): Promise<void> => {
    const context = {
      correlationId: 'c',
      causationId: 'c',
      partitionKey: aliceId,
      actor: { kind: 'system' as const },
    };
    const id = `${stream}-${event.type}-${store.log.events.length}`;
    const draft = { ...context, id, type: event.type, schemaVersion: 1, data: event.data as never };
    await store.append({ stream, expected, events: [draft], guards: [] });
  };
  for (const [index, event] of accountEvents.entries()) await add(streams.account(aliceId), event, index - 1);
  const failed = { count: 1, since: 'then', until: 'now', ipTag: 'x' };
  for (let n = 0; n < 2; n += 1)
    await add(streams.login(aliceId), { type: 'login.failed', data: failed }, 'any');
  await add(streams.keys, { type: 'keys.created', data: { purpose: 'nonce', keyId: 'a' } }, 'any');
  await add(session, keyBoundStarted as SallyportEvent, -1);
  let state = carriedSession(keyBoundStarted) as SessionState;
  for (let n = 0; n < 2; n += 1) {
    const decision = rotate(standingOf(state), refreshOf(n, startedMs + (n + 1) * minuteMs));
    const [event] = 'events' in decision ? decision.events : [];
    await add(session, event as SallyportEvent, n);
    state = carriedSession(event as SallyportEvent) as SessionState;
  }
  await add(session, revokeSession(state, { cause: 'user' })[0] as SallyportEvent, 'any');
  return store.log.events;
}

/** The true ledger with the session's event at a revision altered, or removed. */
async function altered(
  revision: number,
  change: (event: Recorded) => object | undefined,
): Promise<Recorded[]> {
  const events = await ledger();
  return events.flatMap((event) => {
    if (event.stream !== session || event.revision !== revision) return [event];
    const changed = change(event);
    return changed === undefined ? [] : [{ ...event, ...changed }];
  });
}

describe('a recorded ledger', () => {
  it('passes when it is true, in whatever order its streams come', async () => {
    const events = await ledger();
    expect(() => assertLedgerFolds(events)).not.toThrow();
    expect(() => assertLedgerFolds(events.toReversed())).not.toThrow();
  });

  const stateOf = (event: Recorded) => (event.data as unknown as { readonly state: SessionState }).state;
  type Forgery = {
    readonly revision: number;
    readonly problem: string;
    change(event: Recorded): object | undefined;
  };
  const forgeries: Readonly<Record<string, Forgery>> = {
    'a member of the carried state differs': {
      revision: 2,
      problem: 'carries another state than it folds to',
      change: (event) => ({ data: { state: { ...stateOf(event), startedAt: '2020-01-01T00:00:00.000Z' } } }),
    },
    'no state is carried': {
      revision: 2,
      problem: 'carries no state',
      change: (event) => ({ data: { state: { ...stateOf(event), v: 2 } } }),
    },
    'an event is gone': { revision: 1, problem: 'is not at revision 1', change: () => undefined },
    'the event before was altered': {
      revision: 1,
      problem: 'names another event than the one before it',
      change: () => ({ hash: 'altered' }),
    },
    'the chain is cut': {
      revision: 2,
      problem: 'names no event before it',
      change: () => ({ previousHash: undefined }),
    },
    'the first event names one before': {
      revision: 0,
      problem: 'names an event before the first',
      change: () => ({ previousHash: 'x' }),
    },
  };

  it.each(Object.entries(forgeries))('is caught when %s', async (_how, { revision, problem, change }) => {
    const events = await altered(revision, change);
    const ofSession = events.filter(({ stream }) => stream === session);
    expect(streamProblems(session, ofSession).join()).toContain(problem);
    expect(() => assertLedgerFolds(events)).toThrow();
  });

  it('has no stream of a kind that nobody folds', () => {
    expect(() => foldOf('invoices-1')).toThrow('no fold for stream invoices-1');
    expect(foldOf(streams.keys)).toBeUndefined();
  });
});
