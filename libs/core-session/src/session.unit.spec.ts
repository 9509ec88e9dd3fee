// Decisions about sessions besides rotation: start, second exchange, end, and notes of a token's misuse.
import {
  account,
  bearerStarted,
  dayMs,
  fingerprintOf,
  given,
  keyBoundSession,
  keyBoundStarted,
  otherKey,
  policy,
  proofHashOf,
  startBearer,
  startedMs,
  startKeyBound,
} from '@sallyport/testing';
import { sessionFold } from './folds.js';
import { carriedSession, evolveSession } from './session-events.js';
import type { SessionEvent, SessionState } from './session-events.js';
import { flagSession, recordReuse, revokeSession, startSession } from './session.js';
import type { StartSession, StartState } from './session.js';
import { noCutoffs } from './system-events.js';

const nothing: StartState = { session: undefined, started: undefined, account, cutoffs: noCutoffs };
const none = given(sessionFold);
const keyBound = given(sessionFold, keyBoundStarted);
const bearer = given(sessionFold, bearerStarted);
const revoked = given(sessionFold, keyBoundStarted, {
  type: 'session.revoked',
  data: { cause: 'user', accountId: keyBoundSession.accountId },
});

describe('the exchange of a code', () => {
  it('starts a session bound to the key of the proof, which is remembered', () => {
    const started = none.when(() => startSession(nothing, startKeyBound)).happens('session.started');
    expect(started.decision.kind).toBe('started');
    expect(started.state).toMatchObject({
      status: 'active',
      generation: 0,
      fingerprint: fingerprintOf(0),
      jkt: startKeyBound.key?.jkt,
      deviceId: startKeyBound.key?.deviceId,
      marker: startKeyBound.grant.marker,
      proofs: [proofHashOf('exchange')],
      idleExpiresAt: new Date(startedMs + 14 * dayMs).toISOString(),
      expiresAt: new Date(startedMs + 90 * dayMs).toISOString(),
    });
  });

  it('starts a bearer session without a device', () => {
    const { state } = none.when(() => startSession(nothing, startBearer)).happens('session.started');
    expect(state).not.toHaveProperty('jkt');
    expect(state).not.toHaveProperty('deviceId');
    expect(state?.proofs).toEqual([]);
  });

  it('starts a session that ends with its access token where no refresh token was granted', () => {
    const { state } = none.when(() => startSession(nothing, { ...startKeyBound, token: undefined }));
    expect(state).toMatchObject({ keyId: '', fingerprint: '', idleExpiresAt: state?.expiresAt });
    expect(Date.parse(state?.expiresAt ?? '')).toBe(startedMs + policy.accessTokenSeconds * 1000);
  });

  it.each([
    ['revoked', { ...account, ends: { revision: 2, fact: 'log_out_everywhere' as const } }],
    ['locked', { ...account, status: 'locked' as const }],
    ['device_revoked', { ...account, devices: [] }],
    ['closed', undefined],
  ])('starts nothing after a fact that its authentication is older than: %s', (reason, state) => {
    const late = none.when(() => startSession({ ...nothing, account: state }, startKeyBound));
    late.isRefused({ kind: 'ended', standing: { status: 'ended', reason } });
  });

  it('starts nothing after a cutoff', () => {
    none
      .when(() => startSession({ ...nothing, cutoffs: { v: 1, all: 0 } }, startKeyBound))
      .isRefused({ kind: 'ended' });
  });
});

describe('a second exchange of a code', () => {
  const again = (from: typeof keyBound, command: StartSession) =>
    from.when((session) => startSession({ ...nothing, session, started: keyBoundSession }, command));
  const key = { ...startKeyBound.key!, proofHash: proofHashOf('second'), nonceTimeMs: startedMs };
  const second: StartSession = { ...startKeyBound, nowMs: startedMs + 5000, key };
  const onBearer = (command: StartSession) =>
    bearer.when((session) => startSession({ ...nothing, session, started: session }, command));

  it('ends the session when its nonce was given out at or after the start', () => {
    const ended = again(keyBound, second).happens('session.revoked');
    expect(ended.decision.kind).toBe('code_reused');
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'code_reused' });
  });

  it('is an overtaken retry when its nonce is from before the start: refused without effect', () => {
    again(keyBound, { ...second, key: { ...key, nonceTimeMs: startedMs - 1 } }).isRefused({
      kind: 'code_reused',
    });
  });

  it('with the proof of the first is a replay, also after rotations', () => {
    again(keyBound, { ...second, key: { ...key, proofHash: proofHashOf('exchange') } }).isRefused({
      kind: 'replayed',
    });
  });

  it('with another key, or none, ends nothing of a key-bound session', () => {
    again(keyBound, { ...second, key: { ...key, jkt: otherKey } }).isRefused({ kind: 'code_reused' });
    again(keyBound, { ...second, key: undefined }).isRefused({ kind: 'code_reused' });
  });

  it('ends a bearer session, with a proof and without', () => {
    onBearer({ ...startBearer, nowMs: startedMs + 1 }).happens('session.revoked');
    onBearer(second).happens('session.revoked');
  });

  it('stays quiet when the session has ended', () => {
    again(revoked, second).isRefused({ kind: 'code_reused' });
  });
});

describe('ending a session', () => {
  it('happens once, with its cause and reason', () => {
    const ended = keyBound.when((session) => revokeSession(session, { cause: 'operator', reason: 'asked' }));
    ended.happens('session.revoked');
    expect(ended.events[0]?.data).toEqual({
      cause: 'operator',
      accountId: keyBoundSession.accountId,
      reason: 'asked',
    });
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'operator' });
    ended.when((session) => revokeSession(session, { cause: 'user' })).staysQuiet();
  });

  it('stays quiet for a session that is not there', () => {
    none.when((session) => revokeSession(session, { cause: 'user' })).staysQuiet();
  });

  it('keeps the first cause when two land one after the other', () => {
    const twice = {
      type: 'session.revoked',
      data: { cause: 'client', accountId: keyBoundSession.accountId },
    };
    expect(evolveSession(revoked.state, twice as SessionEvent)).toMatchObject({ endCause: 'user' });
  });
});

describe('notes of a misuse', () => {
  type Cause = 'stale_token' | 'forged' | 'wrong_key';
  const note = (from: typeof keyBound, cause: Cause, { count = 1, over = false } = {}) =>
    from.when((session) => recordReuse(session, { cause, presented: 0 }, { count, over }));

  it('flag the session once per cause, and count', () => {
    const stale = note(keyBound, 'stale_token', { count: 3 }).happens('session.stale-token-presented');
    expect(stale.events[0]?.data).toMatchObject({ presented: 0, count: 3 });
    const again = note(note(stale, 'forged'), 'forged', { count: 7 }).happens('session.reuse-detected');
    expect(again.state).toMatchObject({ status: 'active', flags: ['stale_token', 'forged'] });
  });

  it('revive nothing, and keep the cause of the end', () => {
    expect(note(revoked, 'wrong_key').happens('session.reuse-detected').state).toMatchObject({
      status: 'ended',
      endCause: 'user',
    });
  });

  it('are made once per cause when the session is over', () => {
    const noted = note(revoked, 'wrong_key', { over: true }).happens('session.reuse-detected');
    note(noted, 'wrong_key', { count: 9, over: true }).staysQuiet();
    note(noted, 'stale_token', { over: true }).happens('session.stale-token-presented');
  });

  it('stay quiet for a session that is not there', () => {
    note(none, 'forged').staysQuiet();
  });
});

describe('flagging a session', () => {
  const decision = { id: 'd', rule: 'cadence', ruleSet: 'rs', trigger: '100' };
  const flag = (from = keyBound, known = account) =>
    from.when((session) => flagSession({ session, account: known }, { flag: 'anomaly', decision }));

  it('adds the flag, and ends and holds nothing', () => {
    const flagged = flag().happens('session.flagged');
    expect(flagged.state).toEqual({ ...keyBoundSession, flags: ['anomaly'] });
    expect(flagged.events[0]?.data).toMatchObject({ flag: 'anomaly', decision });
  });

  it('stays quiet when it has the flag, when its account knows the decision, and where there is none', () => {
    flag(flag()).staysQuiet();
    flag(keyBound, { ...account, enforced: { cadence: '100' } }).staysQuiet();
    flag(keyBound, { ...account, enforced: { cadence: '99' } }).happens('session.flagged');
    flag(none).staysQuiet();
  });
});

describe('folding a session', () => {
  it('throws on an unknown type, before a start, and on a second start', () => {
    const unknown = { type: 'session.paused', data: {} } as unknown as SessionEvent;
    expect(() => evolveSession(keyBoundSession, unknown)).toThrow('unknown session event session.paused');
    expect(() => evolveSession(undefined, revokedEvent)).toThrow('before session.started');
    expect(() => evolveSession(keyBoundSession, keyBoundStarted)).toThrow('session.started');
  });

  it('takes no state of another version for a carried one', () => {
    const state = { ...keyBoundSession, v: 2 } as unknown as SessionState;
    expect(carriedSession({ type: 'session.started', data: { state } })).toBeUndefined();
  });
});

const revokedEvent = { type: 'session.revoked', data: { cause: 'user', accountId: 'a' } } as const;
