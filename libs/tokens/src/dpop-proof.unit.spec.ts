// What is asked of a key proof: RFC 9449 section 4.3, one reason a refusal, and no altered proof accepted.
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, SignJWT } from 'jose';
import {
  codeOf,
  codeOfAsync,
  ids,
  mutations,
  newPhoneKey,
  newProof,
  segment,
  signJws,
} from './spec-examples.js';
import { TOKEN_URL } from './spec-examples.js';
import { KeyProofs, PROOF_ALGORITHMS, TokenError, tokenHash } from './index.js';

const phone = newPhoneKey();
const post = { method: 'POST', url: TOKEN_URL };

async function verdict(
  proof: string | readonly string[] | undefined,
  expected = post,
  proofs = new KeyProofs(),
) {
  return codeOfAsync((async () => proofs.verify(proofs.parse(proof), expected))());
}

describe('a key proof', () => {
  it.each(['ES256', 'EdDSA'] as const)(
    'by %s passes and yields the thumbprint that jose calculates',
    async (alg) => {
      const key = newPhoneKey(alg);
      const proofs = new KeyProofs();
      const thumbprint = await calculateJwkThumbprint(key.jwk);
      for (let round = 0; round < 2; round += 1) {
        const verified = await proofs.verify(proofs.parse(newProof(key)), post);
        expect(verified.thumbprint).toBe(thumbprint);
      }
    },
  );

  it('made by jose passes', async () => {
    const proofs = new KeyProofs();
    const proof = await new SignJWT({ jti: 'one', htm: 'POST', htu: TOKEN_URL })
      .setIssuedAt()
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: phone.jwk })
      .sign(phone.privateKey);
    expect((await proofs.verify(proofs.parse(proof), post)).proofHash).toMatch(/^[A-Za-z0-9_-]{16}$/);
  });

  it('is refused after any change of any character, whether its key is known or not', async () => {
    const proofs = new KeyProofs();
    const proof = newProof(phone, { claims: { nonce: 'n', attempt: ids.id() } });
    await proofs.verify(proofs.parse(proof), post);
    for (const judge of [proofs, new KeyProofs()]) {
      for (const altered of mutations(proof, 1))
        expect(await verdict(altered, post, judge)).toMatch(/^proof_/);
    }
    expect((await proofs.verify(proofs.parse(proof), post)).thumbprint).toHaveLength(43);
  });

  it('has a hash of its key and jti, whatever else is in it', async () => {
    const proofs = new KeyProofs();
    const hashOf = async (key = phone, claims = {}) =>
      (await proofs.verify(proofs.parse(newProof(key, { claims })), post)).proofHash;
    const one = await hashOf(phone, { jti: 'one' });
    expect(await hashOf(phone, { jti: 'one', nonce: 'other' })).toBe(one);
    expect(await hashOf(phone, { jti: 'two' })).not.toBe(one);
    expect(await hashOf(newPhoneKey(), { jti: 'one' })).not.toBe(one);
  });

  it('keeps its hash when the signature is turned into its twin, as anybody can', async () => {
    const proofs = new KeyProofs();
    const proof = newProof(phone);
    const twin = twinOf(proof);
    expect(twin).not.toBe(proof);
    const [one, two] = [
      await proofs.verify(proofs.parse(proof), post),
      await proofs.verify(proofs.parse(twin), post),
    ];
    expect(two).toEqual(one);
  });

  it('yields a hash of its attempt, and none where it names none', async () => {
    const proofs = new KeyProofs();
    const attemptHashOf = async (attempt?: string) =>
      (await proofs.verify(proofs.parse(newProof(phone, { claims: { attempt } })), post)).attemptHash;
    const one = await attemptHashOf('a'.repeat(16));
    expect(one).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(await attemptHashOf('a'.repeat(16))).toBe(one);
    expect(await attemptHashOf('a'.repeat(128))).not.toBe(one);
    expect(await attemptHashOf()).toBeUndefined();
  });

  it.each([undefined, []])('is missing as %j', (headers) => {
    expect(codeOf(() => new KeyProofs().parse(headers))).toBe('proof_missing');
  });

  it('is malformed when sent twice, in other than three parts, too long, or empty', async () => {
    const proof = newProof(phone);
    const long = newProof(phone, { claims: { padding: 'x'.repeat(4_096) } });
    for (const headers of [
      [proof, proof],
      `${proof}, ${proof}`,
      `${proof}.`,
      proof.slice(5, 40),
      long,
      '',
      '..',
    ]) {
      expect(await verdict(headers)).toBe('proof_malformed');
    }
    expect((await new KeyProofs().parse([proof])).claims.htm).toBe('POST');
  });

  it('does not have its time judged, but has to have one', async () => {
    const proofs = new KeyProofs();
    for (const iat of [0, 1e12, 1.5, -1]) {
      expect(
        (await proofs.verify(proofs.parse(newProof(phone, { claims: { iat } })), post)).thumbprint,
      ).toBeTruthy();
    }
  });
});

describe('a key proof is refused, with its reason,', () => {
  it.each(['none', 'HS256', 'RS256', 'ES384', 'es256', undefined, 7])('for algorithm %j', async (alg) => {
    expect(await verdict(newProof(phone, { header: { alg } }))).toBe('proof_alg_unsupported');
  });

  it('when it gives its private key away', async () => {
    for (const key of [phone, newPhoneKey('EdDSA')]) {
      expect(await verdict(newProof(key, { header: { jwk: key.privateJwk } }))).toBe('proof_private_key');
    }
  });

  it('when its key is no point of the curve', async () => {
    const jwk = { ...phone.jwk, y: Buffer.alloc(32, 1).toString('base64url') };
    expect(await verdict(newProof(phone, { header: { jwk } }))).toBe('proof_key_invalid');
  });

  it('when somebody else signed it, and that never fills the cache', async () => {
    const proofs = new KeyProofs();
    const forged = signJws(
      newPhoneKey(),
      JSON.parse(Buffer.from(newProof(phone).split('.')[0]!, 'base64url').toString()),
      {
        jti: 'x',
        htm: 'POST',
        htu: TOKEN_URL,
        iat: 1,
      },
    );
    expect(await verdict(forged, post, proofs)).toBe('proof_signature_invalid');
    expect(await verdict(forged, post, proofs)).toBe('proof_signature_invalid');
  });

  it('for another method, in another case too', async () => {
    for (const htm of ['GET', 'post', 'POST ']) {
      expect(await verdict(newProof(phone, { claims: { htm } }))).toBe('proof_htm_mismatch');
    }
  });

  it('for another URI, before its signature costs anything', async () => {
    expect(await verdict(newProof(phone, { claims: { htu: `${TOKEN_URL}/` } }))).toBe('proof_htu_mismatch');
  });

  it('for an ath of another token, or none where one is due', async () => {
    const proofs = new KeyProofs();
    const judge = (claims: Record<string, unknown>, more: object) =>
      codeOfAsync(proofs.verify(proofs.parse(newProof(phone, { claims })), { ...post, ...more }));
    expect(await judge({ ath: tokenHash('a') }, { token: 'b' })).toBe('proof_ath_mismatch');
    expect(await judge({}, { token: 'b', athRequired: true })).toBe('proof_missing_ath');
    const named = proofs.parse(newProof(phone, { claims: { ath: tokenHash('b') } }));
    expect((await proofs.verify(named, { ...post, token: 'b', athRequired: true })).thumbprint).toBeTruthy();
    const unnamed = proofs.parse(newProof(phone));
    expect((await proofs.verify(unnamed, { ...post, token: 'b' })).thumbprint).toBeTruthy();
  });
});

it('names the algorithms that pass, for the metadata', () => {
  expect(PROOF_ALGORITHMS).toEqual(['ES256', 'EdDSA', 'Ed25519']);
});

it('hashes a token for ath as RFC 9449 section 4.2 says', () => {
  expect(tokenHash('abc')).toBe(createHash('sha256').update('abc').digest('base64url'));
});

it('never throws anything but a TokenError for text of any shape', () => {
  const proofs = new KeyProofs();
  for (const text of ['a.b.c', '\u0000.\u0000.\u0000', `${segment({})}.b.AA`, '....', 'é.é.é']) {
    expect(() => proofs.parse(text)).toThrow(TokenError);
  }
});

/** (r, n - s) holds wherever (r, s) does. */
function twinOf(proof: string): string {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [header, payload, end] = proof.split('.') as [string, string, string];
  const signature = Buffer.from(end, 'base64url');
  const s = BigInt(`0x${signature.toString('hex', 32)}`);
  const other = Buffer.from((n - s).toString(16).padStart(64, '0'), 'hex');
  return `${header}.${payload}.${Buffer.concat([signature.subarray(0, 32), other]).toString('base64url')}`;
}
