// A rotation leaves no member of the state behind that it says nothing of.
import { keyBoundSession, network } from '@sallyport/testing';
import { afterRotation } from './session-events.js';
import type { SessionState } from './session-events.js';

/** Every member there is: the type asks for a new one here. */
const full: Required<SessionState> = {
  ...keyBoundSession,
  endCause: 'user',
  deviceId: 'device',
  jkt: 'key',
  previousFingerprint: 'before the latest',
  previousRotatedAt: '2026-11-02T09:00:30.000Z',
  proofs: ['proof', 'its retry'],
  earlierProofs: ['earlier'],
  retries: 3,
  attempt: 'attempt',
  usesAttempts: true,
  flags: ['forked'],
  network,
  appVersion: '7.1.0',
};
const said = {
  keyId: 'next',
  fingerprint: 'latest',
  rotatedAt: '2026-11-02T09:06:01.000Z',
  idleExpiresAt: '2026-11-16T09:06:01.000Z',
  proofs: ['new'],
};

describe('the state after a rotation', () => {
  it('has every member of the state before but what was of its generation', () => {
    const { retries: _retries, attempt: _attempt, ...kept } = full;
    expect(afterRotation(full, said)).toEqual({
      ...kept,
      ...said,
      generation: full.generation + 1,
      previousFingerprint: full.fingerprint,
      previousRotatedAt: full.rotatedAt,
      earlierProofs: full.proofs,
    });
  });

  it('takes network, version and attempt from the rotation where it tells them', () => {
    const now = { network: { ...network, country: 'FR' }, appVersion: '7.2.0', attempt: 'another' };
    expect(afterRotation(full, { ...said, ...now })).toMatchObject(now);
  });

  it('has no member without a value', () => {
    const bare = { ...keyBoundSession, proofs: [], network: undefined };
    expect(Object.values(afterRotation(bare, said))).not.toContain(undefined);
  });
});
