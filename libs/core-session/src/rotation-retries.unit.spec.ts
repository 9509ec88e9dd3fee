// The rotation table for tokens that are not the latest: retries and forks, stale tokens, and bearer reuse.
import {
  bearer,
  bearerRefreshOf,
  graceful,
  keyBound,
  minuteMs,
  minutesIn,
  network,
  policy,
  proofOf,
  refreshed,
  refreshOf,
  rotatedHourly,
  secondMs,
  startedMs,
} from '@sallyport/testing';
import type { SessionStream } from '@sallyport/testing';
import { maxRecordedRetries } from './session-events.js';
import type { Network } from './session-events.js';

describe('row 12: the predecessor with the same key', () => {
  it('says where the retry came from, and keeps where the rotation did', () => {
    const elsewhere: Network = { ...network, country: 'SG', ipTag: 'another' };
    const retry = refreshOf(0, minutesIn(61), { network: elsewhere });
    const retried = refreshed(rotatedHourly(keyBound, 1), retry);
    const { events, state } = retried.happens('session.rotation-retried');
    expect(events[0]?.data).toMatchObject({ network: elsewhere });
    expect(state?.network).toEqual(network);
  });

  it('gets the same again, however late, and stays as idle as it was', () => {
    const session = rotatedHourly(keyBound, 1);
    const late = refreshed(session, refreshOf(0, minutesIn(13 * 24 * 60))).happens(
      'session.rotation-retried',
    );
    expect(late.decision).toMatchObject({ kind: 'retry', scope: 'offline_access profile' });
    expect(late.state).toMatchObject({
      generation: 1,
      retries: 1,
      idleExpiresAt: session.state?.idleExpiresAt,
    });
  });

  it('is stale once the latest has been used', () => {
    const used = refreshed(rotatedHourly(keyBound, 1), refreshOf(1, minutesIn(120))).happens(
      'session.refresh-rotated',
    );
    refreshed(used, refreshOf(0, minutesIn(121))).isRefused({ reason: 'stale_token' });
  });

  it('starts counting retries anew after a rotation', () => {
    const retried = refreshed(rotatedHourly(keyBound, 1), refreshOf(0, minutesIn(61))).happens(
      'session.rotation-retried',
    );
    const next = refreshed(retried, refreshOf(1, minutesIn(120))).happens('session.refresh-rotated');
    expect(next.state).not.toHaveProperty('retries');
    expect(next.state?.earlierProofs).toHaveLength(2);
  });

  describe('after 16 retries of one generation', () => {
    let full = rotatedHourly(keyBound, 1);
    for (let n = 0; n < maxRecordedRetries; n += 1) {
      full = refreshed(full, refreshOf(0, minutesIn(61) + n * secondMs)).happens('session.rotation-retried');
    }
    const fresh = (nowMs: number) => ({ proof: proofOf('fresh', { nonceTimeMs: nowMs - minuteMs }) });
    const old = (nowMs: number) => ({ proof: proofOf('old', { nonceTimeMs: nowMs - minuteMs - 1 }) });

    it('has noted the proof of the rotation and of every one of them', () => {
      expect(full.state?.retries).toBe(16);
      for (let n = 0; n < maxRecordedRetries; n += 1) {
        const { proof } = refreshOf(0, minutesIn(61) + n * secondMs);
        refreshed(full, refreshOf(0, minutesIn(70), { proof })).isRefused({ kind: 'replayed' });
      }
    });

    it('answers without an event where the nonce is younger than a minute', () => {
      const sampled = refreshed(full, refreshOf(0, minutesIn(70), fresh(minutesIn(70)))).staysQuiet();
      expect(sampled.decision).toMatchObject({ kind: 'retry', sampled: true });
    });

    it('asks for a new nonce where it is older, for retry and rotation alike', () => {
      for (const generation of [0, 1]) {
        const challenge = { kind: 'challenge', nonceFloorMs: minutesIn(70) };
        refreshed(full, refreshOf(generation, minutesIn(70), old(minutesIn(70)))).isRefused(challenge);
      }
      refreshed(full, refreshOf(1, minutesIn(70), fresh(minutesIn(70)))).happens('session.refresh-rotated');
    });

    it('lets a proof that names the latest token rotate whatever its age', () => {
      const proof = { ...old(minutesIn(70)).proof, namesToken: true };
      refreshed(full, refreshOf(1, minutesIn(70), { proof })).happens('session.refresh-rotated');
    });

    it('asks unnamed retries of the next generation for a nonce since its rotation', () => {
      const next = refreshed(full, refreshOf(1, minutesIn(120))).happens('session.refresh-rotated');
      const retry = (nonceTimeMs: number) =>
        refreshOf(1, minutesIn(121), { proof: proofOf('next', { nonceTimeMs }) });
      refreshed(next, retry(minutesIn(120) - 1)).isRefused({
        kind: 'challenge',
        nonceFloorMs: minutesIn(120),
      });
      refreshed(next, retry(minutesIn(120))).happens('session.rotation-retried');
    });
  });
});

describe('row 12: attempts', () => {
  const attempt = (attemptHash: string | undefined, nonceTimeMs: number) => ({
    proof: proofOf(`${attemptHash}-${nonceTimeMs - startedMs}`, {
      nonceTimeMs,
      attemptHash,
      namesToken: true,
    }),
  });
  const mine = refreshed(keyBound, refreshOf(0, minutesIn(60), attempt('mine', minutesIn(59)))).happens(
    'session.refresh-rotated',
  );

  it('knows its own retry by the same attempt', () => {
    const again = refreshed(mine, refreshOf(0, minutesIn(61), attempt('mine', minutesIn(59) + 1))).happens(
      'session.rotation-retried',
    );
    expect(again.state).not.toHaveProperty('flags');
  });

  it.each(['other', undefined])(
    'asks for a nonce since the rotation before it calls attempt %s a fork',
    (other) => {
      const early = refreshOf(0, minutesIn(61), attempt(other, minutesIn(60) - 1));
      refreshed(mine, early).isRefused({ kind: 'challenge', nonceFloorMs: minutesIn(60) });
      const fork = refreshed(mine, refreshOf(0, minutesIn(61), attempt(other, minutesIn(60))));
      fork.happens('session.rotation-retried', 'session.reuse-detected');
      expect(fork.decision).toMatchObject({ kind: 'retry' });
      expect(fork.state).toMatchObject({ status: 'active', flags: ['forked'] });
    },
  );

  it('takes an attempt for no fork while no rotation has carried one, however often it is retried', () => {
    let session = rotatedHourly(keyBound, 1);
    for (const minutes of [61, 62, 63]) {
      session = refreshed(
        session,
        refreshOf(0, minutesIn(minutes), attempt('new', minutesIn(minutes))),
      ).happens('session.rotation-retried');
    }
    expect(session.state).not.toHaveProperty('flags');
  });

  it('takes a rotation without one for a fork in a session that has used them', () => {
    const without = refreshed(mine, refreshOf(1, minutesIn(120))).happens('session.refresh-rotated');
    expect(without.state).toMatchObject({ usesAttempts: true });
    expect(without.state).not.toHaveProperty('attempt');
    refreshed(without, refreshOf(1, minutesIn(121), attempt('mine', minutesIn(121)))).happens(
      'session.rotation-retried',
      'session.reuse-detected',
    );
  });

  it('records a fork among sampled retries once', () => {
    let full: SessionStream = mine;
    for (let n = 0; n < maxRecordedRetries; n += 1)
      full = refreshed(full, refreshOf(0, minutesIn(61 + n), attempt('mine', minutesIn(61 + n))));
    const fork = refreshed(full, refreshOf(0, minutesIn(90), attempt('other', minutesIn(90))));
    fork.happens('session.rotation-retried', 'session.reuse-detected');
    expect(fork.decision).toMatchObject({ kind: 'retry', sampled: true });
    refreshed(fork, refreshOf(0, minutesIn(91), attempt('other', minutesIn(91)))).staysQuiet();
  });
});

describe('row 13: an older token of a key-bound session', () => {
  const session = rotatedHourly(keyBound, 3);
  const stale = (nonceTimeMs: number) => ({ proof: proofOf('stale', { nonceTimeMs }) });

  it.each([0, 1])(
    'is asked for a nonce since the latest rotation, then told it is stale: generation %i',
    (generation) => {
      const early = refreshOf(generation, minutesIn(190), stale(minutesIn(180) - 1));
      refreshed(session, early).isRefused({ kind: 'challenge', nonceFloorMs: minutesIn(180) });
      const refused = refreshed(session, refreshOf(generation, minutesIn(190), stale(minutesIn(180))));
      refused.isRefused({
        kind: 'refuse',
        error: 'invalid_grant',
        reason: 'stale_token',
        record: { cause: 'stale_token', presented: generation, network },
      });
    },
  );

  it('ends the session of a client registered so', () => {
    const strict = { ...policy, staleTokenEndsSession: true };
    const ended = refreshed(
      session,
      refreshOf(0, minutesIn(190), { ...stale(minutesIn(180)), policy: strict }),
    );
    ended.happens('session.stale-token-presented');
    expect(ended.decision).toMatchObject({ kind: 'refuse', error: 'invalid_grant', reason: 'stale_token' });
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'stale_token', flags: ['stale_token'] });
    refreshed(ended, refreshOf(3, minutesIn(191))).isRefused({ reason: 'revoked' });
  });
});

describe('row 14: a bearer session', () => {
  const once = rotatedHourly(bearer, 1, bearerRefreshOf);

  it('rotates its latest token', () => {
    expect(once.state).toMatchObject({ generation: 1, proofs: [] });
  });

  it.each([
    ['the predecessor', rotatedHourly(bearer, 1, bearerRefreshOf)],
    ['an older token', rotatedHourly(bearer, 3, bearerRefreshOf)],
  ])('ends when %s returns', (_which, session) => {
    const ended = refreshed(session, bearerRefreshOf(0, minutesIn(181))).happens('session.reuse-detected');
    expect(ended.decision).toMatchObject({ kind: 'refuse', error: 'invalid_grant' });
    expect(ended.decision).not.toHaveProperty('reason');
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'token_reused', flags: ['superseded'] });
    refreshed(ended, bearerRefreshOf(session.state?.generation ?? 0, minutesIn(182))).isRefused({
      error: 'invalid_grant',
    });
  });

  it('gets the same again within its grace, and ends a millisecond after', () => {
    const within = bearerRefreshOf(0, minutesIn(60) + 30 * secondMs, { policy: graceful });
    const retry = refreshed(once, within).happens('session.rotation-retried');
    expect(retry.decision).toMatchObject({ kind: 'retry' });
    refreshed(retry, { ...within, nowMs: within.nowMs + 1 }).happens('session.reuse-detected');
  });

  it('samples retries within its grace, too', () => {
    let session: SessionStream = once;
    const command = bearerRefreshOf(0, minutesIn(60) + secondMs, { policy: graceful });
    for (let n = 0; n < maxRecordedRetries; n += 1)
      session = refreshed(session, command).happens('session.rotation-retried');
    refreshed(session, command).staysQuiet();
  });

  it('has no grace for older tokens', () => {
    const session = rotatedHourly(bearer, 2, bearerRefreshOf);
    refreshed(session, bearerRefreshOf(0, minutesIn(120), { policy: graceful })).happens(
      'session.reuse-detected',
    );
  });

  it('takes no notice of a proof somebody sends along', () => {
    const proof = proofOf('any', { nonceTimeMs: startedMs - minuteMs });
    const next = refreshed(bearer, bearerRefreshOf(0, minutesIn(1), { proof })).happens(
      'session.refresh-rotated',
    );
    expect(next.state).toMatchObject({ proofs: [] });
    refreshed(next, bearerRefreshOf(1, minutesIn(2), { proof })).happens('session.refresh-rotated');
    expect(once.state).not.toHaveProperty('jkt');
  });
});
