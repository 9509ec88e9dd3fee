// Rows 5 to 8 of the rotation table (design section 6): what is said before a request may enter the queue.
import {
  bearer,
  bearerRefreshOf,
  fingerprintOf,
  given,
  keyBound,
  keyBoundStarted,
  minutesIn,
  network,
  otherKey,
  policy,
  proofOf,
  refreshed,
  refreshOf,
  revokedByUser,
  rotatedHourly,
  startedMs,
} from '@sallyport/testing';
import { sessionFold } from './folds.js';
import { screenRotation } from './rotation.js';

describe('row 5: the token says more than this store knows', () => {
  it('asks to come back for a generation that is not there yet', () => {
    refreshed(keyBound, refreshOf(1, minutesIn(1))).isRefused({ kind: 'behind' });
  });

  it('asks to come back for a session that is not there', () => {
    expect(screenRotation(undefined, refreshOf(0, minutesIn(1)))).toEqual({ kind: 'behind' });
  });

  it('says so before anything about the proof', () => {
    const proof = proofOf('x', { nonceTimeMs: minutesIn(1), thumbprint: otherKey });
    refreshed(keyBound, refreshOf(1, minutesIn(1), { proof })).isRefused({ kind: 'behind' });
  });
});

describe('row 6: a right tag with a wrong fingerprint', () => {
  const forged = (generation: number) => ({ presented: { generation, fingerprint: fingerprintOf(99) } });

  it.each([0, 1])('is a forgery for the generation %i before the latest', (age) => {
    const session = rotatedHourly(keyBound, 2);
    refreshed(session, refreshOf(2 - age, minutesIn(180), forged(2 - age))).isRefused({
      kind: 'refuse',
      error: 'invalid_grant',
      reason: undefined,
      record: { cause: 'forged', presented: 2 - age, network },
    });
  });

  it('is judged before the key', () => {
    const proof = proofOf('x', { nonceTimeMs: minutesIn(1), thumbprint: otherKey });
    const command = refreshOf(0, minutesIn(1), { ...forged(0), proof });
    refreshed(keyBound, command).isRefused({ record: { cause: 'forged', presented: 0, network } });
  });

  it('is a forgery on a bearer session too, and ends nothing', () => {
    refreshed(bearer, bearerRefreshOf(0, minutesIn(1), forged(0))).isRefused({
      record: { cause: 'forged', presented: 0, network },
    });
  });
});

describe('row 7: a valid proof by another key', () => {
  const stranger = (minutes: number) => ({
    proof: proofOf('x', { nonceTimeMs: minutesIn(minutes), thumbprint: otherKey }),
  });
  const refusal = { kind: 'refuse', error: 'invalid_grant', reason: undefined };

  it.each([0, 1, 2])('gets nothing and no reason, %i generations old', (age) => {
    const session = rotatedHourly(keyBound, 2);
    const outcome = refreshed(session, refreshOf(2 - age, minutesIn(180), stranger(180)));
    outcome.isRefused({ ...refusal, record: { cause: 'wrong_key', presented: 2 - age, network } });
  });

  it('is what a request without a proof is, too', () => {
    refreshed(keyBound, refreshOf(0, minutesIn(1), { proof: undefined })).isRefused({
      ...refusal,
      record: { cause: 'wrong_key', presented: 0, network },
    });
  });

  it('stays wrong key on a session that is revoked, and says no reason', () => {
    const revoked = given(sessionFold, keyBoundStarted, revokedByUser);
    refreshed(revoked, refreshOf(0, minutesIn(1), stranger(1))).isRefused({
      ...refusal,
      record: { cause: 'wrong_key', presented: 0, network },
    });
  });

  it('ends the session of a client registered so, once', () => {
    const strict = { ...policy, wrongKeyEndsSession: true };
    const ended = refreshed(keyBound, refreshOf(0, minutesIn(1), { ...stranger(1), policy: strict }));
    ended.happens('session.reuse-detected');
    expect(ended.state).toMatchObject({ status: 'ended', endCause: 'wrong_key', flags: ['wrong_key'] });
    refreshed(ended, refreshOf(0, minutesIn(2), { ...stranger(2), policy: strict })).isRefused({
      record: { cause: 'wrong_key', presented: 0, network },
    });
  });
});

describe('row 8: a proof that was used before', () => {
  const replayed = { kind: 'replayed' };

  it('is the one that was sent with the exchange', () => {
    const proof = proofOf('exchange', { nonceTimeMs: minutesIn(1) });
    refreshed(keyBound, refreshOf(0, minutesIn(1), { proof })).isRefused(replayed);
  });

  it('is the one that made the latest rotation, with either token, named or not', () => {
    const session = rotatedHourly(keyBound, 1);
    for (const generation of [0, 1]) {
      for (const namesToken of [true, false]) {
        const proof = {
          ...proofOf(60, { nonceTimeMs: minutesIn(61) }),
          proofHash: refreshOf(0, minutesIn(60)).proof?.proofHash as string,
        };
        const command = refreshOf(generation, minutesIn(61), { proof: { ...proof, namesToken } });
        refreshed(session, command).isRefused(replayed);
      }
    }
  });

  it('is one that made a retry, or the rotation before', () => {
    const retry = { proof: proofOf('retry', { nonceTimeMs: minutesIn(61) }) };
    const retried = refreshed(rotatedHourly(keyBound, 1), refreshOf(0, minutesIn(61), retry)).happens(
      'session.rotation-retried',
    );
    const next = refreshed(retried, refreshOf(1, minutesIn(120))).happens('session.refresh-rotated');
    for (const generation of [1, 2]) {
      refreshed(
        next,
        refreshOf(generation, minutesIn(121), { proof: proofOf('retry', { nonceTimeMs: minutesIn(121) }) }),
      ).isRefused(replayed);
    }
  });

  it('is found before the standing is judged', () => {
    const revoked = given(sessionFold, keyBoundStarted, revokedByUser);
    refreshed(
      revoked,
      refreshOf(0, minutesIn(1), { proof: proofOf('exchange', { nonceTimeMs: minutesIn(1) }) }),
    ).isRefused(replayed);
  });

  describe('a proof that does not name its token', () => {
    const unnamed = (nonceTimeMs: number) => ({ proof: proofOf('late', { nonceTimeMs }) });
    const session = rotatedHourly(keyBound, 2);
    const current = minutesIn(120);
    const before = minutesIn(60);

    it('needs a nonce given out since that token was made', () => {
      refreshed(session, refreshOf(2, minutesIn(130), unnamed(current - 1))).isRefused({
        kind: 'challenge',
        nonceFloorMs: current,
      });
      refreshed(session, refreshOf(2, minutesIn(130), unnamed(current))).happens('session.refresh-rotated');
      refreshed(session, refreshOf(1, minutesIn(130), unnamed(before - 1))).isRefused({
        kind: 'challenge',
        nonceFloorMs: before,
      });
      refreshed(session, refreshOf(1, minutesIn(130), unnamed(before))).happens('session.rotation-retried');
    });

    it('needs one since the exchange with the first token', () => {
      const floor = { kind: 'challenge', nonceFloorMs: startedMs };
      refreshed(keyBound, refreshOf(0, minutesIn(1), unnamed(startedMs - 1))).isRefused(floor);
      refreshed(rotatedHourly(keyBound, 1), refreshOf(0, minutesIn(61), unnamed(startedMs - 1))).isRefused(
        floor,
      );
    });

    it('is not asked for a newer nonce when it does name its token', () => {
      const named = { proof: proofOf('late', { nonceTimeMs: startedMs, namesToken: true }) };
      refreshed(session, refreshOf(2, minutesIn(130), named)).happens('session.refresh-rotated');
    });
  });
});
