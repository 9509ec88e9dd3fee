// Raw signatures from what OpenSSL makes, whatever the numbers in it.
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { rawSignature } from './signatures.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A number as DER writes it: no leading zeros, but one before a first bit that is set. */
function integer(number: Uint8Array): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.from([0]) : Buffer.from(number.subarray(first));
  const padded = digits[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits;
  return Buffer.concat([Buffer.from([2, padded.length]), padded]);
}

/** 32 bytes, of which the first few are often zero. */
const numbers = fc
  .tuple(fc.nat(32), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([zeros, bytes]) => bytes.fill(0, 0, zeros));

describe('a raw signature', () => {
  it('holds both numbers right-aligned, also short ones and those with a first bit that is set', () => {
    fc.assert(
      fc.property(numbers, numbers, (r, s) => {
        const body = Buffer.concat([integer(r), integer(s)]);
        const der = Buffer.concat([Buffer.from([0x30, body.length]), body]);
        expect(rawSignature(der).equals(Buffer.concat([r, s]))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is what others verify, a thousand times', () => {
    for (let round = 0; round < 1_000; round += 1) {
      const text = randomBytes(24);
      const raw = rawSignature(sign('sha256', text, privateKey));
      expect(verify('sha256', text, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
    }
  });
});

describe.each([1, 4])('the signature of a text, on %d cores', (cores) => {
  const key = { digest: 'sha256', key: publicKey };

  /** The module as it starts on a machine with so many cores. */
  async function started(): Promise<typeof import('./signatures.js')> {
    jest.resetModules();
    jest.unstable_mockModule('node:os', () => ({ availableParallelism: () => cores }));
    return import('./signatures.js');
  }

  afterAll(() => jest.unstable_unmockModule('node:os'));

  it('is verified for that text and that key alone', async () => {
    const { signText, verifyText } = await started();
    const signature = await signText('header.claims', privateKey);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    expect(signature).toHaveLength(64);
    expect(await verifyText('header.claims', signature, key)).toBe(true);
    expect(await verifyText('header.claimed', signature, key)).toBe(false);
    expect(await verifyText('header.claims', signature, { ...key, key: other })).toBe(false);
  });

  it('cannot be made with a key of another kind', async () => {
    const { signText } = await started();
    await expect(async () => signText('header.claims', publicKey)).rejects.toThrow();
  });
});
