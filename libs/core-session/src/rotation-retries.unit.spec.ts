// The rotation table for tokens that are not the latest: retries and forks, stale tokens, and bearer reuse.
import {
  bearerRefreshOf,
  bearerStarted,
  given,
  graceful,
  keyBoundStarted,
  minuteMs,
  policy,
  proofOf,
  refreshOf,
  secondMs,
  standingOf,
  startedMs,
} from '@sallyport/testing';
import type { Given, Outcome } from '@sallyport/testing';
import { sessionFold } from './folds.js';
import { rotate } from './rotation.js';
import type { RotateRefresh, RotationDecision } from './rotation.js';
import { maxRecordedRetries } from './session-events.js';
import type { SessionState } from './session-events.js';

type Session = SessionState | undefined;
type Decided = Outcome<Session, RotationDecision>;

const at = (minutes: number): number => startedMs + minutes * minuteMs;
const keyBound = given(sessionFold, keyBoundStarted);
const bearer = given(sessionFold, bearerStarted);

function refresh(from: Given<Session>, command: RotateRefresh): Decided {
  return from.when((session) => rotate(standingOf(session as SessionState), command));
}

function rotated(from: Given<Session>, times: number, of = refreshOf): Given<Session> {
  let session = from;
  for (let n = 0; n < times; n += 1) session = refresh(session, of(n, at(60 * (n + 1)))).happens('session.refresh-rotated');
  return session;
}

describe('row 12: the predecessor with the same key', () => {
  it('gets the same again, however late, and stays as idle as it was', () => {
    const session = rotated(keyBound, 1);
    const late = refresh(session, refreshOf(0, at(13 * 24 * 60))).happens('session.rotation-retried');
    expect(late.decision).toMatchObject({ kind: 'retry', scope: 'offline_access profile' });
    expect(late.state).toMatchObject({ generation: 1, retries: 1, idleExpiresAt: session.state?.idleExpiresAt });
  });

  it('is stale once the latest has been used', () => {
    const used = refresh(rotated(keyBound, 1), refreshOf(1, at(120))).happens('session.refresh-rotated');
    refresh(used, refreshOf(0, at(121))).isRefused({ reason: 'stale_token' });
  });

  it('starts counting retries anew after a rotation', () => {
    const retried = refresh(rotated(keyBound, 1), refreshOf(0, at(61))).happens('session.rotation-retried');
    const next = refresh(retried, refreshOf(1, at(120))).happens('session.refresh-rotated');
    expect(next.state).not.toHaveProperty('retries');
    expect(next.state?.earlierProofs).toHaveLength(2);
  });

  describe('after 16 retries of one generation', () => {
    let full = rotated(keyBound, 1);
    for (let n = 0; n < maxRecordedRetries; n += 1) {
      full = refresh(full, refreshOf(0, at(61) + n * secondMs)).happens('session.rotation-retried');
    }
    const fresh = (nowMs: number) => ({ proof: proofOf('fresh', { nonceTimeMs: nowMs - minuteMs }) });
    const old = (nowMs: number) => ({ proof: proofOf('old', { nonceTimeMs: nowMs - minuteMs - 1 }) });

    it('has noted the proof of the rotation and of every one of them', () => {
      expect(full.state?.retries).toBe(16);
      for (let n = 0; n < maxRecordedRetries; n += 1) {
        const { proof } = refreshOf(0, at(61) + n * secondMs);
        refresh(full, refreshOf(0, at(70), { proof })).isRefused({ kind: 'replayed' });
      }
    });

    it('answers without an event where the nonce is younger than a minute', () => {
      const sampled = refresh(full, refreshOf(0, at(70), fresh(at(70)))).staysQuiet();
      expect(sampled.decision).toMatchObject({ kind: 'retry', sampled: true });
    });

    it('asks for a new nonce where it is older, for retry and rotation alike', () => {
      for (const generation of [0, 1]) {
        const challenge = { kind: 'challenge', nonceFloorMs: at(70) };
        refresh(full, refreshOf(generation, at(70), old(at(70)))).isRefused(challenge);
      }
      refresh(full, refreshOf(1, at(70), fresh(at(70)))).happens('session.refresh-rotated');
    });

    it('lets a proof that names the latest token rotate whatever its age', () => {
      const proof = { ...old(at(70)).proof, namesToken: true };
      refresh(full, refreshOf(1, at(70), { proof })).happens('session.refresh-rotated');
    });

    it('asks unnamed retries of the next generation for a nonce since its rotation', () => {
      const next = refresh(full, refreshOf(1, at(120))).happens('session.refresh-rotated');
      const retry = (nonceTimeMs: number) => refreshOf(1, at(121), { proof: proofOf('next', { nonceTimeMs }) });
      refresh(next, retry(at(120) - 1)).isRefused({ kind: 'challenge', nonceFloorMs: at(120) });
      refresh(next, retry(at(120))).happens('session.rotation-retried');
    });
  });
});

describe('row 12: attempts', () => {
  const attempt = (attemptHash: string | undefined, nonceTimeMs: number) => ({
    proof: proofOf(`${attemptHash}-${nonceTimeMs - startedMs}`, { nonceTimeMs, attemptHash, namesToken: true }),
  });
  const mine = refresh(keyBound, refreshOf(0, at(60), attempt('mine', at(59)))).happens('session.refresh-rotated');

  it('knows its own retry by the same attempt', () => {
    const again = refresh(mine, refreshOf(0, at(61), attempt('mine', at(59) + 1))).happens('session.rotation-retried');
    expect(again.state).not.toHaveProperty('flags');
  });

  it.each(['other', undefined])('asks for a nonce since the rotation before it calls attempt %s a fork', (other) => {
    const early = refreshOf(0, at(61), attempt(other, at(60) - 1));
    refresh(mine, early).isRefused({ kind: 'challenge', nonceFloorMs: at(60) });
    const fork = refresh(mine, refreshOf(0, at(61), attempt(other, at(60))));
    fork.happens('session.rotation-retried', 'session.reuse-detected');
    expect(fork.decision).toMatchObject({ kind: 'retry' });
    expect(fork.state).toMatchObject({ status: 'active', flags: ['forked'] });
  });

  it('takes an attempt for no fork while no rotation has carried one, however often it is retried', () => {
    let session = rotated(keyBound, 1);
    for (const minutes of [61, 62, 63]) {
      session = refresh(session, refreshOf(0, at(minutes), attempt('new', at(minutes)))).happens('session.rotation-retried');
    }
    expect(session.state).not.toHaveProperty('flags');
  });

  it('takes a rotation without one for a fork in a session that has used them', () => {
    const without = refresh(mine, refreshOf(1, at(120))).happens('session.refresh-rotated');
    expect(without.state).toMatchObject({ usesAttempts: true });
    expect(without.state).not.toHaveProperty('attempt');
    refresh(without, refreshOf(1, at(121), attempt('mine', at(121)))).happens(
      'session.rotation-retried',
      'session.reuse-detected',
    );
  });

  it('records a fork among sampled retries once', () => {
    let full: Given<Session> = mine;
    for (let n = 0; n < maxRecordedRetries; n += 1) full = refresh(full, refreshOf(0, at(61 + n), attempt('mine', at(61 + n))));
    const fork = refresh(full, refreshOf(0, at(90), attempt('other', at(90))));
    fork.happens('session.rotation-retried', 'session.reuse-detected');
    expect(fork.decision).toMatchObject({ kind: 'retry', sampled: true });
    refresh(fork, refreshOf(0, at(91), attempt('other', at(91)))).staysQuiet();
  });
});

describe('row 13: an older token of a key-bound session', () => {
  const session = rotated(keyBound, 3);
  const stale = (nonceTimeMs: number) => ({ proof: proofOf('stale', { nonceTimeMs }) });

  it.each([0, 1])('is asked for a nonce since the latest rotation, then told it is stale: generation %i', (generation) => {
    const early = refreshOf(generation, at(190), stale(at(180) - 1));
    refresh(session, early).isRefused({ kind: 'challenge', nonceFloorMs: at(180) });
    const refused = refresh(session, refreshOf(generation, at(190), stale(at(180))));
    refused.isRefused({
      kind: 'refuse',
      error: 'invalid_grant',
      reason: 'stale_token',
      record: { cause: 'stale_token', presented: generation },
    });
  });

  it('ends the session of a client registered so', () => {
    const strict = { ...policy, staleTokenEndsSession: true };
    const ended = refresh(session, refreshOf(0, at(190), { ...stale(at(180)), policy: strict }));
    ended.happens('session.stale-token-presented');
    expect(ended.decision).toMatchObject({ kind: 'refuse', error: 'invalid_grant', reason: 'stale_token' });
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'stale_token', flags: ['stale_token'] });
    refresh(ended, refreshOf(3, at(191))).isRefused({ reason: 'revoked' });
  });
});

describe('row 14: a bearer session', () => {
  const once = rotated(bearer, 1, bearerRefreshOf);

  it('rotates its latest token', () => {
    expect(once.state).toMatchObject({ generation: 1, proofs: [] });
  });

  it.each([
    ['the predecessor', rotated(bearer, 1, bearerRefreshOf)],
    ['an older token', rotated(bearer, 3, bearerRefreshOf)],
  ])('ends when %s returns', (_which, session) => {
    const ended = refresh(session, bearerRefreshOf(0, at(181))).happens('session.reuse-detected');
    expect(ended.decision).toMatchObject({ kind: 'refuse', error: 'invalid_grant' });
    expect(ended.decision).not.toHaveProperty('reason');
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'token_reused', flags: ['superseded'] });
    refresh(ended, bearerRefreshOf(session.state?.generation ?? 0, at(182))).isRefused({ error: 'invalid_grant' });
  });

  it('gets the same again within its grace, and ends a millisecond after', () => {
    const within = bearerRefreshOf(0, at(60) + 30 * secondMs, { policy: graceful });
    const retry = refresh(once, within).happens('session.rotation-retried');
    expect(retry.decision).toMatchObject({ kind: 'retry' });
    refresh(retry, { ...within, nowMs: within.nowMs + 1 }).happens('session.reuse-detected');
  });

  it('samples retries within its grace, too', () => {
    let session: Given<Session> = once;
    const command = bearerRefreshOf(0, at(60) + secondMs, { policy: graceful });
    for (let n = 0; n < maxRecordedRetries; n += 1) session = refresh(session, command).happens('session.rotation-retried');
    refresh(session, command).staysQuiet();
  });

  it('has no grace for older tokens', () => {
    const session = rotated(bearer, 2, bearerRefreshOf);
    refresh(session, bearerRefreshOf(0, at(120), { policy: graceful })).happens('session.reuse-detected');
  });

  it('takes no notice of a proof somebody sends along', () => {
    const proof = proofOf('any', { nonceTimeMs: startedMs - minuteMs });
    const next = refresh(bearer, bearerRefreshOf(0, at(1), { proof })).happens('session.refresh-rotated');
    expect(next.state).toMatchObject({ proofs: [] });
    refresh(next, bearerRefreshOf(1, at(2), { proof })).happens('session.refresh-rotated');
    expect(once.state).not.toHaveProperty('jkt');
  });
});
