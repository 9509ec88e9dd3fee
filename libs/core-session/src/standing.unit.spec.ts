// Whether a session may act: by revision against revoking facts, and by the clock for expiry.
import { account, accountEvents, bearerSession, dayMs, given } from '@sallyport/testing';
import { keyBoundSession, otherSessionId, phone, sessionId, standingOf, startedMs } from '@sallyport/testing';
import type { Given } from '@sallyport/testing';
import { changePassword, linkDevice, revokeAllSessions, revokeDevice } from './account.js';
import { lockAccount, requireReauthentication, unlockAccount } from './account-enforcement.js';
import type { AccountAt } from './account.js';
import { evolveAccount } from './account-events.js';
import type { AccountState } from './account-events.js';
import { accountFold, cutoffsFold } from './folds.js';
import type { SessionState } from './session-events.js';
import { sessionStanding } from './standing.js';
import type { StandingInput, StandingReason } from './standing.js';
import { declareCutoff, evolveCutoffs, noCutoffs } from './system-events.js';
import type { CutoffEvent, CutoffScope } from './system-events.js';

type Account = Given<AccountState | undefined>;

const nowMs = startedMs + dayMs;
const active = { status: 'active' };
const ended = (reason: StandingReason) => ({ status: 'ended', reason });
const standing = (session: SessionState, changes: Partial<StandingInput> = {}) =>
  sessionStanding(standingOf(session, changes), nowMs);

const alice = given(accountFold, ...accountEvents);
const order = (from: Account, decide: (at: AccountAt) => { readonly events: readonly object[] }): Account =>
  from.when((state, revision) => decide({ account: state, revision }) as ReturnType<typeof lockAccount>);
const logOut = (from: Account, except?: string): Account =>
  order(from, (at) => revokeAllSessions(at, { except }));
const markedAt = (revision: number, session = keyBoundSession): SessionState => ({
  ...session,
  marker: { ...session.marker, account: revision },
});

describe('expiry', () => {
  it.each(['expiresAt', 'idleExpiresAt'] as const)(
    'ends a session at the very millisecond of %s',
    (limit) => {
      const session = { ...keyBoundSession, [limit]: new Date(nowMs).toISOString() };
      expect(sessionStanding(standingOf(session), nowMs - 1)).toEqual(active);
      expect(sessionStanding(standingOf(session), nowMs)).toEqual(ended('expired'));
    },
  );

  it('is said last: a fact that ended the session explains more', () => {
    const session = { ...keyBoundSession, expiresAt: keyBoundSession.startedAt };
    expect(standing(session, { account: { ...account, status: 'locked' } })).toEqual(ended('locked'));
    expect(standing({ ...session, status: 'ended' })).toEqual(ended('revoked'));
    expect(standing(session, { cutoffs: { v: 1, all: 0 } })).toEqual(ended('cut_off'));
  });
});

describe('the account', () => {
  it.each([
    ['locked', 'locked'],
    ['closed', 'closed'],
    ['erased', 'closed'],
  ] as const)('that is %s ends its sessions as %s', (status, reason) => {
    expect(standing(keyBoundSession, { account: { ...account, status } })).toEqual(ended(reason));
  });

  it('that is unknown has no session that may act', () => {
    expect(standing(keyBoundSession, { account: undefined })).toEqual(ended('closed'));
  });

  it('ends sessions with an older marker, and none that were authenticated on it', () => {
    const { state } = logOut(alice);
    expect(standing(markedAt(1), { account: state })).toEqual(ended('revoked'));
    expect(standing(markedAt(2), { account: state })).toEqual(active);
  });

  it('names a changed password as the reason', () => {
    const { state } = order(alice, (at) => changePassword(at, { credential: 'x', except: otherSessionId }));
    expect(standing(keyBoundSession, { account: state })).toEqual(ended('password_changed'));
    expect(standing(keyBoundSession, { sessionId: otherSessionId, account: state })).toEqual(active);
  });

  it('names a new sign-in that is required as the reason', () => {
    const { state } = order(alice, (at) => requireReauthentication(at, { reason: 'two countries' }));
    expect(standing(keyBoundSession, { account: state })).toEqual(ended('reauthentication_required'));
    expect(standing(markedAt(2), { account: state })).toEqual(active);
  });

  it('names for a spared session the earlier fact that ended it', () => {
    const changed = order(alice, (at) => changePassword(at, { credential: 'x' }));
    const spared = logOut(changed, sessionId);
    expect(standing(keyBoundSession, { account: spared.state })).toEqual(ended('password_changed'));
    expect(standing(keyBoundSession, { account: logOut(spared, sessionId).state })).toEqual(
      ended('password_changed'),
    );
    const later = order(logOut(alice), (at) => changePassword(at, { credential: 'x', except: sessionId }));
    expect(standing(keyBoundSession, { account: later.state })).toEqual(ended('revoked'));
  });

  it('reads and folds events that do not say which fact that was', () => {
    const state = logOut(logOut(alice), sessionId).state as AccountState;
    const { exceptFact: _fact, ...ends } = state.ends as NonNullable<AccountState['ends']>;
    const old = { ...state, ends };
    const event = { type: 'account.all-sessions-revoked' as const, data: { except: sessionId, state: old } };
    expect(evolveAccount(logOut(alice).state, event, 3)).toEqual(old);
    expect(standing(keyBoundSession, { account: old })).toEqual(ended('revoked'));
  });

  it('spares the session that a log-out names, unless another one came between', () => {
    const spared = logOut(alice, sessionId);
    expect(standing(keyBoundSession, { account: spared.state })).toEqual(active);
    expect(standing(keyBoundSession, { account: logOut(spared, sessionId).state })).toEqual(active);
    const interleaved = logOut(logOut(spared, otherSessionId), sessionId);
    expect(standing(keyBoundSession, { account: interleaved.state })).toEqual(ended('revoked'));
    expect(standing(markedAt(3), { account: interleaved.state })).toEqual(active);
  });

  it('revives nothing when it is unlocked', () => {
    const locked = order(alice, (at) => lockAccount(at, { reason: 'asked' }));
    const unlocked = order(locked, (at) => unlockAccount(at, { reason: 'asked' }));
    expect(standing(keyBoundSession, { account: unlocked.state })).toEqual(ended('revoked'));
    expect(standing(markedAt(unlocked.revision), { account: unlocked.state })).toEqual(active);
  });

  it('ends the sessions of a device that was revoked, also after its key is linked again', () => {
    const gone = order(alice, (at) => revokeDevice(at, { deviceId: phone.id, cause: 'user' }));
    expect(standing(keyBoundSession, { account: gone.state })).toEqual(ended('device_revoked'));
    const back = order(gone, (at) => linkDevice(at, { device: { ...phone, id: 'again' }, marker: 2 }));
    expect(standing(keyBoundSession, { account: back.state })).toEqual(ended('device_revoked'));
    expect(standing({ ...markedAt(2), deviceId: 'again' }, { account: back.state })).toEqual(active);
    expect(standing(bearerSession, { account: gone.state })).toEqual(active);
  });
});

describe('cutoffs', () => {
  const declare = (scope: CutoffScope, from = given(cutoffsFold)) =>
    from.when((state, revision) => [declareCutoff(state, { scope, reason: 'drill' }, revision + 1)]);
  const cut = (scope: CutoffScope) => {
    const { state } = declare(scope).happens('cutoffs.declared');
    return {
      keyBound: standing(keyBoundSession, { cutoffs: state }),
      bearer: standing(bearerSession, { cutoffs: state }),
    };
  };

  it('end all sessions, bearer ones, or those of one client', () => {
    expect(cut({ kind: 'all' })).toEqual({ keyBound: ended('cut_off'), bearer: ended('cut_off') });
    expect(cut({ kind: 'bearer' })).toEqual({ keyBound: active, bearer: ended('cut_off') });
    expect(cut({ kind: 'client', clientId: 'demo-phone' })).toEqual({
      keyBound: ended('cut_off'),
      bearer: active,
    });
    expect(cut({ kind: 'client', clientId: '__proto__' })).toEqual({ keyBound: active, bearer: active });
  });

  it('leave sessions that were authenticated on them', () => {
    const twice = declare({ kind: 'all' }, declare({ kind: 'bearer' }));
    const session = (cutoffs: number) => ({ ...keyBoundSession, marker: { account: 1, cutoffs } });
    expect(standing(session(0), { cutoffs: twice.state })).toEqual(ended('cut_off'));
    expect(standing(session(1), { cutoffs: twice.state })).toEqual(active);
    expect(twice.state).toEqual({ v: 1, bearer: 0, all: 1 });
  });

  it('throw on a scope or a type they do not know', () => {
    const event = {
      type: 'cutoffs.declared',
      data: { scope: { kind: 'country' } },
    } as unknown as CutoffEvent;
    expect(() => evolveCutoffs(noCutoffs, event, 0)).toThrow('unknown cutoff scope country');
    const undone = { type: 'cutoffs.undone', data: {} } as unknown as CutoffEvent;
    expect(() => evolveCutoffs(noCutoffs, undone, 0)).toThrow('unknown cutoff event cutoffs.undone');
  });
});
