// What a nonce promises: it says when we gave it out, for an hour, on every replica, and cannot be made up.
import fc from 'fast-check';
import { codeOf, ISSUER, mutations, newRing, NOON } from './spec-examples.js';
import { KeyRing, ProofNonces } from './index.js';

const HOUR = 3_600_000;

describe('a nonce', () => {
  it('gives back its time to the millisecond for an hour, then is old', async () => {
    const nonces = new ProofNonces((await newRing()).ring);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), fc.integer({ min: 0, max: HOUR }), (time, age) => {
        expect(nonces.check(nonces.mint(time), time + age)).toBe(time);
      }),
    );
    expect(codeOf(() => nonces.check(nonces.mint(NOON), NOON + HOUR + 1))).toBe('proof_nonce_old');
  });

  it('is taken from another replica whose clock is a little ahead, not from one far ahead', async () => {
    const nonces = new ProofNonces((await newRing()).ring);
    expect(nonces.check(nonces.mint(NOON), NOON - 60_000)).toBe(NOON);
    expect(codeOf(() => nonces.check(nonces.mint(NOON), NOON - 60_001))).toBe('proof_nonce_unknown');
  });

  it('is missing when there is none', async () => {
    const nonces = new ProofNonces((await newRing()).ring);
    expect(codeOf(() => nonces.check(undefined, NOON))).toBe('proof_nonce_missing');
  });

  it('is unknown after any change of any character, and as any other text', async () => {
    const nonces = new ProofNonces((await newRing()).ring);
    const nonce = nonces.mint(NOON);
    expect(nonce).toMatch(/^[A-Za-z0-9_-]{36}$/);
    for (const altered of [...mutations(nonce, 4), '', 'x', `${nonce}A`, 'é'.repeat(36), 'A'.repeat(36)]) {
      expect(codeOf(() => nonces.check(altered, NOON))).toBe('proof_nonce_unknown');
    }
  });

  it('is shared by all answers of one millisecond and no others', async () => {
    const nonces = new ProofNonces((await newRing()).ring);
    expect(nonces.mint(NOON)).toBe(nonces.mint(NOON));
    expect(nonces.mint(NOON + 1)).not.toBe(nonces.mint(NOON));
  });

  it('outlives a rotation of its key, but not that the key is bad', async () => {
    const { ring } = await newRing();
    const nonces = new ProofNonces(ring);
    const nonce = nonces.mint(NOON);
    const keyId = ring.current('nonce').id;
    await ring.rotate('nonce');
    expect(nonces.mint(NOON)).not.toBe(nonce);
    expect(nonces.check(nonce, NOON)).toBe(NOON);
    await ring.markBad(keyId);
    expect(codeOf(() => nonces.check(nonce, NOON))).toBe('proof_nonce_unknown');
  });

  it('of another issuer under the same keys is unknown', async () => {
    const { ring, parts } = await newRing();
    const other = new KeyRing({ ...parts, issuer: `${ISSUER}/b` });
    await other.load();
    const nonce = new ProofNonces(other).mint(NOON);
    expect(codeOf(() => new ProofNonces(ring).check(nonce, NOON))).toBe('proof_nonce_unknown');
  });
});
