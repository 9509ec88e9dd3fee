// Rows 9 to 11 of the rotation table (design section 6): standing, client and scope, and the latest token.
import {
  account,
  accountEvents,
  bearer,
  bearerRefreshOf,
  bearerStarted,
  dayMs,
  fingerprintOf,
  given,
  keyBound,
  keyBoundSession,
  keyBoundStarted,
  minutesIn,
  phone,
  proofHashOf,
  proofOf,
  refreshed,
  refreshOf,
  revokedByUser,
  rotatedHourly,
  startedMs,
} from '@sallyport/testing';
import type { SessionStream } from '@sallyport/testing';
import { revokeDevice } from './account.js';
import { lockAccount } from './account-enforcement.js';
import { accountFold, sessionFold } from './folds.js';
import { grantedScope } from './rotation.js';

describe('row 9: a session that may not act', () => {
  const alice = given(accountFold, ...accountEvents);
  const revoked = alice.when((state, revision) =>
    revokeDevice({ account: state, revision }, { deviceId: phone.id, cause: 'user' }),
  );
  const locked = alice.when((state, revision) =>
    lockAccount({ account: state, revision }, { reason: 'asked' }),
  );

  it.each([
    ['device_revoked', revoked.state],
    ['locked', locked.state],
  ])('is refused with the reason: %s', (reason, state) => {
    const refused = refreshed(keyBound, refreshOf(0, minutesIn(1)), { account: state });
    refused.isRefused({ kind: 'refuse', error: 'invalid_grant', reason });
  });

  it('is refused with the reason: revoked, expired, cut off', () => {
    const revoked = given(sessionFold, keyBoundStarted, revokedByUser);
    refreshed(revoked, refreshOf(0, minutesIn(1))).isRefused({ reason: 'revoked' });
    refreshed(keyBound, refreshOf(0, startedMs + 14 * dayMs)).isRefused({ reason: 'expired' });
    refreshed(keyBound, refreshOf(0, minutesIn(1)), { cutoffs: { v: 1, all: 0 } }).isRefused({
      reason: 'cut_off',
    });
  });

  it.each([undefined, proofOf('any', { nonceTimeMs: minutesIn(1) })])(
    'tells bearer callers no reason, whatever they send',
    (proof) => {
      const revoked = given(sessionFold, bearerStarted, revokedByUser);
      refreshed(revoked, bearerRefreshOf(0, minutesIn(1), { proof })).isRefused({
        error: 'invalid_grant',
        reason: undefined,
      });
    },
  );

  it('comes before the client and the scope', () => {
    const command = refreshOf(0, minutesIn(1), { clientId: 'another', scope: 'admin' });
    refreshed(keyBound, command, { account: { ...account, status: 'locked' } }).isRefused({
      reason: 'locked',
    });
  });

  it('comes before a stale token', () => {
    const command = refreshOf(0, minutesIn(180));
    const locked = { account: { ...account, status: 'locked' as const } };
    const refused = refreshed(rotatedHourly(keyBound, 2), command, locked).isRefused({ reason: 'locked' });
    expect(refused.decision).not.toHaveProperty('record');
  });
});

describe("row 10: another client's token, and a scope beyond the grant", () => {
  it('refuses another client and consumes nothing', () => {
    const command = refreshOf(0, minutesIn(1), { clientId: 'demo-bearer' });
    refreshed(keyBound, command).isRefused({
      kind: 'refuse',
      error: 'invalid_grant',
      reason: 'client_mismatch',
    });
    refreshed(bearer, bearerRefreshOf(0, minutesIn(1), { clientId: 'x' })).isRefused({
      error: 'invalid_grant',
      reason: undefined,
    });
  });

  it.each(['offline_access profile admin', 'admin', 'profile  admin', ''])(
    'refuses the scope "%s"',
    (scope) => {
      refreshed(keyBound, refreshOf(0, minutesIn(1), { scope })).isRefused({
        kind: 'refuse',
        error: 'invalid_scope',
      });
    },
  );

  it('says nothing about reuse of a bearer token that comes with too much', () => {
    const session = rotatedHourly(bearer, 1, bearerRefreshOf);
    const refused = refreshed(session, bearerRefreshOf(0, minutesIn(61), { scope: 'admin' })).isRefused({
      error: 'invalid_scope',
    });
    expect(refused.state?.status).toBe('active');
  });

  it('grants a narrower scope without narrowing the session', () => {
    const narrow = refreshed(keyBound, refreshOf(0, minutesIn(1), { scope: 'profile' })).happens(
      'session.refresh-rotated',
    );
    expect(narrow.decision).toMatchObject({ kind: 'rotate', scope: 'profile' });
    expect(narrow.state?.scope).toBe('offline_access profile');
    expect(grantedScope('a b c', 'c a')).toBe('c a');
  });
});

describe('row 11: the latest token of a key-bound session', () => {
  it('gets the next one, and the event carries the state after it', () => {
    const next = refreshed(keyBound, refreshOf(0, minutesIn(60))).happens('session.refresh-rotated');
    expect(next.decision).toMatchObject({ kind: 'rotate', scope: 'offline_access profile' });
    expect(next.state).toMatchObject({
      generation: 1,
      fingerprint: fingerprintOf(1),
      previousFingerprint: fingerprintOf(0),
      rotatedAt: new Date(minutesIn(60)).toISOString(),
      previousRotatedAt: new Date(startedMs).toISOString(),
      idleExpiresAt: new Date(minutesIn(60) + 14 * dayMs).toISOString(),
      expiresAt: keyBoundSession.expiresAt,
      proofs: [refreshOf(0, minutesIn(60)).proof?.proofHash],
      earlierProofs: [proofHashOf('exchange')],
    });
  });

  it('never lets idle time pass the end of the session', () => {
    let session: SessionStream = keyBound;
    for (let n = 0; n < 9; n += 1)
      session = refreshed(session, refreshOf(n, startedMs + (n + 1) * 9 * dayMs));
    expect(session.state?.idleExpiresAt).toBe(keyBoundSession.expiresAt);
    expect(Date.parse(keyBoundSession.expiresAt)).toBe(startedMs + 90 * dayMs);
  });
});
