// What our access tokens are to others (jose, by the JWKS) and to ourselves, and why one is refused.
import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify, type JSONWebKeySet } from 'jose';
import {
  codeOfAsync,
  ids,
  ISSUER,
  mutations,
  newPhoneKey,
  newRing,
  NOON,
  segment,
  signJws,
} from './spec-examples.js';
import { type KeyRing, mintAccessToken, verifyAccessToken, type AccessTokenClaims } from './index.js';

const AUDIENCE = 'https://api.example';
const expected = { now: NOON, issuer: ISSUER, audience: AUDIENCE };

const claims: AccessTokenClaims = {
  iss: ISSUER,
  sub: 'account-1',
  aud: AUDIENCE,
  client_id: 'demo-phone',
  iat: NOON / 1_000,
  exp: NOON / 1_000 + 300,
  jti: ids.id(),
  scope: 'profile',
  sid: 'session-1',
  did: 'device-1',
  cnf: { jkt: 'thumbprint' },
  acr: 'pwd',
  amr: ['pwd'],
  auth_time: NOON / 1_000,
};

const jose = (token: string, ring: KeyRing) =>
  jwtVerify(token, createLocalJWKSet(ring.jwks() as unknown as JSONWebKeySet), {
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    currentDate: new Date(NOON),
  });

describe('an access token', () => {
  it('is an at+jwt that jose verifies by the JWKS, claim for claim, and so do we', async () => {
    const { ring } = await newRing();
    const token = await mintAccessToken(claims, ring.current('signing'));
    expect((await jose(token, ring)).payload).toEqual(claims);
    expect(await verifyAccessToken(token, ring, expected)).toEqual(claims);
    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: ring.current('signing').id,
    });
  });

  it('verifies by a JWKS fetched before the rotation that made its key current', async () => {
    const { ring } = await newRing();
    const fetched = createLocalJWKSet(structuredClone(ring.jwks()) as unknown as JSONWebKeySet);
    await ring.rotate('signing');
    const token = await mintAccessToken(claims, ring.current('signing'));
    expect((await jwtVerify(token, fetched, { currentDate: new Date(NOON) })).payload.sid).toBe('session-1');
  });

  it('outlives a rotation of its key, but not that the key is bad', async () => {
    const { ring } = await newRing();
    const key = ring.current('signing');
    const token = await mintAccessToken(claims, key);
    await ring.rotate('signing');
    expect((await verifyAccessToken(token, ring, expected)).sid).toBe('session-1');
    expect((await jose(token, ring)).payload.sid).toBe('session-1');
    await ring.markBad(key.id);
    expect(await codeOfAsync(verifyAccessToken(token, ring, expected))).toBe('access_token_key_unknown');
    await expect(jose(token, ring)).rejects.toThrow(errors.JWKSNoMatchingKey);
  });

  it('is refused with a reason after any change of any character, and jose refuses it too', async () => {
    const { ring } = await newRing();
    const token = await mintAccessToken(claims, ring.current('signing'));
    for (const altered of mutations(token, 1)) {
      expect(await codeOfAsync(verifyAccessToken(altered, ring, expected))).toMatch(/^access_token_/);
    }
    // A seventh of them: jose takes longer, and stray bits in the last character pass it.
    const some = [...mutations(token.slice(0, -1), 1)].filter((_, index) => index % 7 === 0);
    for (const altered of some)
      await expect(jose(altered + token.at(-1), ring)).rejects.toThrow(errors.JOSEError);
  });

  it.each<[string, Partial<AccessTokenClaims>, string]>([
    ['of another issuer', { iss: 'https://other.example' }, 'access_token_issuer_mismatch'],
    ['for another audience', { aud: ['https://a.example'] }, 'access_token_audience_mismatch'],
    ['at its last second', { exp: NOON / 1_000 }, 'access_token_expired'],
  ])('%s is refused by us and by jose', async (_, change, code) => {
    const { ring } = await newRing();
    const token = await mintAccessToken({ ...claims, ...change }, ring.current('signing'));
    expect(await codeOfAsync(verifyAccessToken(token, ring, expected))).toBe(code);
    await expect(jose(token, ring)).rejects.toThrow(errors.JOSEError);
  });

  it('passes for one of several audiences, and a moment before it expires', async () => {
    const { ring } = await newRing();
    const token = await mintAccessToken(
      { ...claims, aud: ['https://a.example', AUDIENCE] },
      ring.current('signing'),
    );
    expect((await verifyAccessToken(token, ring, { ...expected, now: NOON + 299_999 })).jti).toBe(claims.jti);
  });

  it('has its algorithm, type and key pinned by its header', async () => {
    const { ring } = await newRing();
    const kid = ring.current('signing').id;
    const codeFor = (header: object, signer = newPhoneKey()) =>
      codeOfAsync(verifyAccessToken(signJws(signer, header, claims), ring, expected));
    expect(await codeFor({ alg: 'none', typ: 'at+jwt', kid })).toBe('access_token_alg_unsupported');
    expect(await codeFor({ alg: 'HS256', typ: 'at+jwt', kid })).toBe('access_token_alg_unsupported');
    expect(await codeFor({ alg: 'ES256', typ: 'JWT', kid })).toBe('access_token_typ_mismatch');
    expect(await codeFor({ alg: 'ES256', typ: 'at+jwt', kid: '00000000' })).toBe('access_token_key_unknown');
    expect(await codeFor({ alg: 'ES256', typ: 'at+jwt' })).toBe('access_token_malformed');
    expect(await codeFor({ alg: 'ES256', typ: 'at+jwt', kid })).toBe('access_token_signature_invalid');
  });

  it.each(['', 'a.b', 'a.b.c', '...', 'é.é.é', `${segment([])}.a.b`, 'A'.repeat(9_000)])(
    'is malformed, or of no known type, as %j',
    async (text) => {
      const { ring } = await newRing();
      expect(await codeOfAsync(verifyAccessToken(text, ring, expected))).toMatch(/malformed|typ_mismatch/);
    },
  );
});
