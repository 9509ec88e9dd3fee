// The rotation table (design section 6) row by row: what is granted, what is refused, and in which order.
import {
  account,
  accountEvents,
  bearerRefreshOf,
  bearerStarted,
  dayMs,
  fingerprintOf,
  given,
  keyBoundSession,
  keyBoundStarted,
  minuteMs,
  otherKey,
  phone,
  policy,
  proofHashOf,
  proofOf,
  refreshOf,
  standingOf,
  startedMs,
} from '@sallyport/testing';
import type { Given, Outcome } from '@sallyport/testing';
import { lockAccount, revokeDevice } from './account.js';
import { accountFold, sessionFold } from './folds.js';
import { grantedScope, rotate, screenRotation } from './rotation.js';
import type { RotateRefresh, RotationDecision } from './rotation.js';
import type { SessionState } from './session-events.js';
import type { StandingInput } from './standing.js';

type Session = SessionState | undefined;
type Decided = Outcome<Session, RotationDecision>;

const at = (minutes: number): number => startedMs + minutes * minuteMs;
const keyBound = given(sessionFold, keyBoundStarted);
const bearer = given(sessionFold, bearerStarted);

/** The refresh decided on the stream, with everything else in order unless it is said otherwise. */
function refresh(from: Given<Session>, command: RotateRefresh, changes: Partial<StandingInput> = {}): Decided {
  return from.when((session) => rotate(standingOf(session as SessionState, changes), command));
}

/** The session after its token was rotated `times`, once an hour. */
function rotated(from: Given<Session>, times: number, of = refreshOf): Given<Session> {
  let session = from;
  for (let n = 0; n < times; n += 1) session = refresh(session, of(n, at(60 * (n + 1)))).happens('session.refresh-rotated');
  return session;
}

const granted = { kind: 'rotate', scope: 'offline_access profile' };

describe('row 5: the token says more than this store knows', () => {
  it('asks to come back for a generation that is not there yet', () => {
    refresh(keyBound, refreshOf(1, at(1))).isRefused({ kind: 'behind' });
  });

  it('asks to come back for a session that is not there', () => {
    expect(screenRotation(undefined, refreshOf(0, at(1)))).toEqual({ kind: 'behind' });
  });

  it('says so before anything about the proof', () => {
    const proof = proofOf('x', { nonceTimeMs: at(1), thumbprint: otherKey });
    refresh(keyBound, refreshOf(1, at(1), { proof })).isRefused({ kind: 'behind' });
  });
});

describe('row 6: a right tag with a wrong fingerprint', () => {
  const forged = (generation: number) => ({ presented: { generation, fingerprint: fingerprintOf(99) } });

  it.each([0, 1])('is a forgery for the generation %i before the latest', (age) => {
    const session = rotated(keyBound, 2);
    refresh(session, refreshOf(2 - age, at(180), forged(2 - age))).isRefused({
      kind: 'refuse',
      error: 'invalid_grant',
      reason: undefined,
      record: { cause: 'forged', presented: 2 - age },
    });
  });

  it('is judged before the key', () => {
    const proof = proofOf('x', { nonceTimeMs: at(1), thumbprint: otherKey });
    const command = refreshOf(0, at(1), { ...forged(0), proof });
    refresh(keyBound, command).isRefused({ record: { cause: 'forged', presented: 0 } });
  });

  it('is a forgery on a bearer session too, and ends nothing', () => {
    refresh(bearer, bearerRefreshOf(0, at(1), forged(0))).isRefused({ record: { cause: 'forged', presented: 0 } });
  });
});

describe('row 7: a valid proof by another key', () => {
  const stranger = (minutes: number) => ({ proof: proofOf('x', { nonceTimeMs: at(minutes), thumbprint: otherKey }) });
  const refusal = { kind: 'refuse', error: 'invalid_grant', reason: undefined };

  it.each([0, 1, 2])('gets nothing and no reason, %i generations old', (age) => {
    const session = rotated(keyBound, 2);
    const outcome = refresh(session, refreshOf(2 - age, at(180), stranger(180)));
    outcome.isRefused({ ...refusal, record: { cause: 'wrong_key', presented: 2 - age } });
  });

  it('is what a request without a proof is, too', () => {
    refresh(keyBound, refreshOf(0, at(1), { proof: undefined })).isRefused({
      ...refusal,
      record: { cause: 'wrong_key', presented: 0 },
    });
  });

  it('stays wrong key on a session that is revoked, and says no reason', () => {
    const revoked = given(sessionFold, keyBoundStarted, revokedByUser);
    refresh(revoked, refreshOf(0, at(1), stranger(1))).isRefused({ ...refusal, record: { cause: 'wrong_key', presented: 0 } });
  });

  it('ends the session of a client registered so, once', () => {
    const strict = { ...policy, wrongKeyEndsSession: true };
    const ended = refresh(keyBound, refreshOf(0, at(1), { ...stranger(1), policy: strict }));
    ended.happens('session.reuse-detected');
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'wrong_key', flags: ['wrong_key'] });
    refresh(ended, refreshOf(0, at(2), { ...stranger(2), policy: strict })).isRefused({
      record: { cause: 'wrong_key', presented: 0 },
    });
  });
});

describe('row 8: a proof that was used before', () => {
  const replayed = { kind: 'replayed' };

  it('is the one that was sent with the exchange', () => {
    const proof = proofOf('exchange', { nonceTimeMs: at(1) });
    refresh(keyBound, refreshOf(0, at(1), { proof })).isRefused(replayed);
  });

  it('is the one that made the latest rotation, with either token, named or not', () => {
    const session = rotated(keyBound, 1);
    for (const generation of [0, 1]) {
      for (const namesToken of [true, false]) {
        const proof = { ...proofOf(60, { nonceTimeMs: at(61) }), proofHash: refreshOf(0, at(60)).proof?.proofHash as string };
        const command = refreshOf(generation, at(61), { proof: { ...proof, namesToken } });
        refresh(session, command).isRefused(replayed);
      }
    }
  });

  it('is one that made a retry, or the rotation before', () => {
    const retry = { proof: proofOf('retry', { nonceTimeMs: at(61) }) };
    const retried = refresh(rotated(keyBound, 1), refreshOf(0, at(61), retry)).happens('session.rotation-retried');
    const next = refresh(retried, refreshOf(1, at(120))).happens('session.refresh-rotated');
    for (const generation of [1, 2]) {
      refresh(next, refreshOf(generation, at(121), { proof: proofOf('retry', { nonceTimeMs: at(121) }) })).isRefused(replayed);
    }
  });

  it('is found before the standing is judged', () => {
    const revoked = given(sessionFold, keyBoundStarted, revokedByUser);
    refresh(revoked, refreshOf(0, at(1), { proof: proofOf('exchange', { nonceTimeMs: at(1) }) })).isRefused(replayed);
  });

  describe('a proof that does not name its token', () => {
    const unnamed = (nonceTimeMs: number) => ({ proof: proofOf('late', { nonceTimeMs }) });
    const session = rotated(keyBound, 2);
    const current = at(120);
    const before = at(60);

    it('needs a nonce given out since that token was made', () => {
      refresh(session, refreshOf(2, at(130), unnamed(current - 1))).isRefused({ kind: 'challenge', nonceFloorMs: current });
      refresh(session, refreshOf(2, at(130), unnamed(current))).happens('session.refresh-rotated');
      refresh(session, refreshOf(1, at(130), unnamed(before - 1))).isRefused({ kind: 'challenge', nonceFloorMs: before });
      refresh(session, refreshOf(1, at(130), unnamed(before))).happens('session.rotation-retried');
    });

    it('needs one since the exchange with the first token', () => {
      const floor = { kind: 'challenge', nonceFloorMs: startedMs };
      refresh(keyBound, refreshOf(0, at(1), unnamed(startedMs - 1))).isRefused(floor);
      refresh(rotated(keyBound, 1), refreshOf(0, at(61), unnamed(startedMs - 1))).isRefused(floor);
    });

    it('is not asked for a newer nonce when it does name its token', () => {
      const named = { proof: proofOf('late', { nonceTimeMs: startedMs, namesToken: true }) };
      refresh(session, refreshOf(2, at(130), named)).happens('session.refresh-rotated');
    });
  });
});

const revokedByUser = { type: 'session.revoked', data: { cause: 'user', accountId: keyBoundSession.accountId } };

describe('row 9: a session that may not act', () => {
  const alice = given(accountFold, ...accountEvents);
  const revoked = alice.when((state, revision) =>
    revokeDevice({ account: state, revision }, { deviceId: phone.id, cause: 'user' }),
  );
  const locked = alice.when((state, revision) => lockAccount({ account: state, revision }, { reason: 'asked' }));

  it.each([
    ['device_revoked', revoked.state],
    ['locked', locked.state],
  ])('is refused with the reason: %s', (reason, state) => {
    const refused = refresh(keyBound, refreshOf(0, at(1)), { account: state });
    refused.isRefused({ kind: 'refuse', error: 'invalid_grant', reason });
  });

  it('is refused with the reason: revoked, expired, cut off', () => {
    const revoked = given(sessionFold, keyBoundStarted, revokedByUser);
    refresh(revoked, refreshOf(0, at(1))).isRefused({ reason: 'revoked' });
    refresh(keyBound, refreshOf(0, startedMs + 14 * dayMs)).isRefused({ reason: 'expired' });
    refresh(keyBound, refreshOf(0, at(1)), { cutoffs: { v: 1, all: 0 } }).isRefused({ reason: 'cut_off' });
  });

  it.each([undefined, proofOf('any', { nonceTimeMs: at(1) })])('tells bearer callers no reason, whatever they send', (proof) => {
    const revoked = given(sessionFold, bearerStarted, revokedByUser);
    refresh(revoked, bearerRefreshOf(0, at(1), { proof })).isRefused({ error: 'invalid_grant', reason: undefined });
  });

  it('comes before the client and the scope', () => {
    const command = refreshOf(0, at(1), { clientId: 'another', scope: 'admin' });
    refresh(keyBound, command, { account: { ...account, status: 'locked' } }).isRefused({ reason: 'locked' });
  });

  it('comes before a stale token', () => {
    const command = refreshOf(0, at(180));
    const locked = { account: { ...account, status: 'locked' as const } };
    const refused = refresh(rotated(keyBound, 2), command, locked).isRefused({ reason: 'locked' });
    expect(refused.decision).not.toHaveProperty('record');
  });
});

describe("row 10: another client's token, and a scope beyond the grant", () => {
  it('refuses another client and consumes nothing', () => {
    const command = refreshOf(0, at(1), { clientId: 'demo-bearer' });
    refresh(keyBound, command).isRefused({ kind: 'refuse', error: 'invalid_grant', reason: 'client_mismatch' });
    refresh(bearer, bearerRefreshOf(0, at(1), { clientId: 'x' })).isRefused({ error: 'invalid_grant', reason: undefined });
  });

  it.each(['offline_access profile admin', 'admin', 'profile  admin', ''])('refuses the scope "%s"', (scope) => {
    refresh(keyBound, refreshOf(0, at(1), { scope })).isRefused({ kind: 'refuse', error: 'invalid_scope' });
  });

  it('says nothing about reuse of a bearer token that comes with too much', () => {
    const session = rotated(bearer, 1, bearerRefreshOf);
    const refused = refresh(session, bearerRefreshOf(0, at(61), { scope: 'admin' })).isRefused({ error: 'invalid_scope' });
    expect(refused.state?.status).toBe('active');
  });

  it('grants a narrower scope without narrowing the session', () => {
    const narrow = refresh(keyBound, refreshOf(0, at(1), { scope: 'profile' })).happens('session.refresh-rotated');
    expect(narrow.decision).toMatchObject({ kind: 'rotate', scope: 'profile' });
    expect(narrow.state?.scope).toBe('offline_access profile');
    expect(grantedScope('a b c', 'c a')).toBe('c a');
  });
});

describe('row 11: the latest token of a key-bound session', () => {
  it('gets the next one, and the event carries the state after it', () => {
    const next = refresh(keyBound, refreshOf(0, at(60))).happens('session.refresh-rotated');
    expect(next.decision).toMatchObject(granted);
    expect(next.state).toMatchObject({
      generation: 1,
      fingerprint: fingerprintOf(1),
      previousFingerprint: fingerprintOf(0),
      rotatedAt: new Date(at(60)).toISOString(),
      previousRotatedAt: new Date(startedMs).toISOString(),
      idleExpiresAt: new Date(at(60) + 14 * dayMs).toISOString(),
      expiresAt: keyBoundSession.expiresAt,
      proofs: [refreshOf(0, at(60)).proof?.proofHash],
      earlierProofs: [proofHashOf('exchange')],
    });
  });

  it('never lets idle time pass the end of the session', () => {
    let session: Given<Session> = keyBound;
    for (let n = 0; n < 9; n += 1) session = refresh(session, refreshOf(n, startedMs + (n + 1) * 9 * dayMs));
    expect(session.state?.idleExpiresAt).toBe(keyBoundSession.expiresAt);
    expect(Date.parse(keyBoundSession.expiresAt)).toBe(startedMs + 90 * dayMs);
  });
});
