// What a sealed box promises: closed to readers and writers, one purpose, a limited life, any replica.
import fc from 'fast-check';
import { codeOf, ids, mutations, newRing, NOON } from './spec-examples.js';
import { Sealer } from './index.js';

const life = { now: NOON, ttlMs: 60_000 };

describe('a sealed box', () => {
  it('gives back any JSON object', async () => {
    const sealer = new Sealer((await newRing()).ring, ids);
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ maxLength: 9 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 9 }),
        (payload) => {
          const plain = JSON.parse(JSON.stringify(payload));
          const sealed = sealer.seal('code', plain, life);
          expect(sealer.unseal('code', sealed, NOON)).toEqual(plain);
        },
      ),
    );
  });

  it('shows nothing of what is in it, and never looks the same twice', async () => {
    const sealer = new Sealer((await newRing()).ring, ids);
    const sealed = sealer.seal('code', { account: 'marked-secret' }, life);
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('marked');
    expect(sealer.seal('code', { account: 'marked-secret' }, life)).not.toBe(sealed);
  });

  it('opens until its time is over', async () => {
    const sealer = new Sealer((await newRing()).ring, ids);
    const sealed = sealer.seal('code', { a: 1 }, life);
    expect(sealer.unseal('code', sealed, NOON + 59_999)).toEqual({ a: 1 });
    expect(codeOf(() => sealer.unseal('code', sealed, NOON + 60_000))).toBe('sealed_expired');
  });

  it('opens for its own purpose only', async () => {
    const sealer = new Sealer((await newRing()).ring, ids);
    expect(codeOf(() => sealer.unseal('form', sealer.seal('code', {}, life), NOON))).toBe('sealed_altered');
  });

  it('is refused with a reason after any change of any character', async () => {
    const sealer = new Sealer((await newRing()).ring, ids);
    const sealed = sealer.seal('code', { a: 'b' }, life);
    const reasons = new Set(
      [...mutations(sealed, 3)].map((text) => codeOf(() => sealer.unseal('code', text, NOON))),
    );
    expect([...reasons].sort()).toEqual(['sealed_altered', 'sealed_key_unknown', 'sealed_malformed']);
  });

  it.each(['', 'x', 'AQ', 'é', 'A'.repeat(8_193)])('is malformed as %j', async (text) => {
    const sealer = new Sealer((await newRing()).ring, ids);
    expect(codeOf(() => sealer.unseal('code', text, NOON))).toBe('sealed_malformed');
  });

  it('outlives a rotation of its key, but not that the key is bad', async () => {
    const { ring } = await newRing();
    const sealer = new Sealer(ring, ids);
    const keyId = ring.current('sealing').id;
    const sealed = sealer.seal('code', { a: 1 }, life);
    await ring.rotate('sealing');
    expect(sealer.unseal('code', sealed, NOON)).toEqual({ a: 1 });
    await ring.markBad(keyId);
    expect(codeOf(() => sealer.unseal('code', sealed, NOON))).toBe('sealed_key_unknown');
  });
});
