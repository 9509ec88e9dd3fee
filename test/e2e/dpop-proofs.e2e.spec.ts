// Rows 2 and 3 of the rotation table (RFC 9449 section 4.3): each way a proof can be missing or wrong.
import { generateKeyPairSync, sign } from 'node:crypto';
import { newDeviceKey, newId, signProof, tokenHash, type DeviceKey } from '../tools/client/index.js';
import { UnderTest, verdict, type SignedIn } from './under-test.js';

let service: UnderTest;
let session: SignedIn;
let key: DeviceKey;
let token: string;
beforeAll(async () => {
  service = await UnderTest.start();
  session = await service.phone();
  key = session.granted.key as DeviceKey;
  token = session.first;
});
afterAll(async () => {
  // None of the wrong proofs used the token up or ended its session.
  expect(await service.history(session)).toEqual(['started']);
  await session.rotate(token);
  await service.stop();
});

describe('row 2: a key-bound token without a proof of a good nonce is challenged, and not judged', () => {
  it.each([
    ['no nonce', { nonce: undefined }],
    ['a nonce from elsewhere', { nonce: newId() }],
    ['an altered nonce', { nonce: 'A'.repeat(36) }],
    ['no nonce, although all else is wrong too', { nonce: undefined, htm: 'GET', htu: 'https://x.example/' }],
  ])('%s', async (_, claims) => {
    const answer = await session.refresh(token, { claims });
    expect(verdict(answer)).toBe('400 use_dpop_nonce');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('no proof; the nonce of the challenge is good', async () => {
    const own = await service.phone();
    const answer = await own.caller.refresh(own.first);
    expect(verdict(answer)).toBe('400 use_dpop_nonce');
    const nonce = answer.headers.get('dpop-nonce');
    expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
    await own.rotate(own.first, { claims: { nonce } });
  });
});

const noVerdict = '400 invalid_dpop_proof';

describe('row 3: a wrong proof is invalid_dpop_proof with a fresh nonce, and the token is not judged', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['another method', { htm: 'GET' }],
    ['the method in lower case', { htm: 'post' }],
    ['no method', { htm: undefined }],
    ['a method that is no text', { htm: 1 }],
    ['another path', { htu: 'http://127.0.0.1/other' }],
    ['another host', { htu: 'https://example.org/token' }],
    ['no URI', { htu: undefined }],
    ['a URI that is none', { htu: 'token' }],
    ['no id', { jti: undefined }],
    ['an empty id', { jti: '' }],
    ['an id that is no text', { jti: 7 }],
    ['an id without end', { jti: 'x'.repeat(2000) }],
    ['no time', { iat: undefined }],
    ['a time that is no number', { iat: 'now' }],
    ['the hash of another token', { ath: tokenHash('another') }],
    ['an attempt that is too short', { attempt: 'short' }],
    ['an attempt of other characters', { attempt: 'x'.repeat(20) + '!' }],
    ['an attempt that is too long', { attempt: 'x'.repeat(129) }],
  ])('claims: %s', async (_, claims) => {
    const answer = await session.refresh(token, { claims });
    expect(verdict(answer)).toBe(noVerdict);
    expect(answer.headers.get('dpop-nonce')).not.toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body['error_description']).toEqual(expect.any(String));
  });

  it.each<[string, (own: DeviceKey) => Readonly<Record<string, unknown>>]>([
    ['another type', () => ({ typ: 'JWT' })],
    ['no type', () => ({ typ: undefined })],
    ['no signature algorithm', () => ({ alg: 'none' })],
    ['a symmetric algorithm', () => ({ alg: 'HS256' })],
    ['an algorithm that does not fit the key', () => ({ alg: 'RS256' })],
    ['no algorithm', () => ({ alg: undefined })],
    ['no key', () => ({ jwk: undefined })],
    ['a key that is no key', () => ({ jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } })],
    ['a symmetric key', () => ({ jwk: { kty: 'oct', k: 'AAAA' } })],
    ['a private key', (own) => ({ jwk: own.privateKey.export({ format: 'jwk' }) })],
    ['a critical header that nobody knows', () => ({ crit: ['x'], x: 1 })],
  ])('header: %s', async (_, header) => {
    expect(verdict(await session.refresh(token, { header: header(key) }))).toBe(noVerdict);
  });

  it.each<[string, (proof: string) => string]>([
    ['no JWS', () => 'proof'],
    ['two parts', (proof) => proof.split('.').slice(0, 2).join('.')],
    ['four parts', (proof) => `${proof}.AAAA`],
    ['no signature', (proof) => `${proof.split('.').slice(0, 2).join('.')}.`],
    [
      'an altered signature',
      (proof) => `${proof.slice(0, -10)}${proof.slice(-10, -9) === 'A' ? 'B' : 'A'}${proof.slice(-9)}`,
    ],
    ['altered claims', (proof) => withClaims(proof, { jti: newId() })],
    ['padded segments', (proof) => proof.replace('.', '=.')],
    ['two proofs in one header', (proof) => `${proof}, ${proof}`],
  ])('text: %s', async (_, alter) => {
    const proof = await session.caller.proof(session.caller.tokenEndpoint, key);
    expect(verdict(await session.refresh(token, { proof: alter(proof) }))).toBe(noVerdict);
  });

  it("a signature by another key than the header's", async () => {
    const nonce = await session.caller.freshNonce();
    const claims = { htm: 'POST', htu: session.caller.tokenEndpoint, nonce };
    const stranger = await newDeviceKey();
    const proof = signProof(stranger, claims, { jwk: key.publicJwk });
    expect(verdict(await session.refresh(token, { proof }))).toBe(noVerdict);
  });

  it('a signature in DER, as JWS does not have it', async () => {
    const proof = await session.caller.proof(session.caller.tokenEndpoint, key);
    const signed = proof.split('.').slice(0, 2).join('.');
    const signature = sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url');
    expect(verdict(await session.refresh(token, { proof: `${signed}.${signature}` }))).toBe(noVerdict);
  });

  it('an RSA key, which is not among the algorithms offered', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const header = { alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) };
    expect(verdict(await session.refresh(token, { header }))).toBe(noVerdict);
  });
});

describe('what a proof may be like', () => {
  it.each<[string, (endpoint: string) => Readonly<Record<string, unknown>>]>([
    ['a phone whose clock is years off', () => ({ iat: 1 })],
    ['a phone whose clock is ahead', () => ({ iat: 4_000_000_000 })],
    ['a URI with query and fragment, which do not count', (endpoint) => ({ htu: `${endpoint}?a=b#c` })],
    ['a URI in another normal form', (endpoint) => ({ htu: endpoint.replace('http:', 'HTTP:') })],
    ['no hash of the refresh token', () => ({ ath: undefined })],
    ['claims that nobody knows', () => ({ extra: { deep: true } })],
  ])('%s', async (_, claims) => {
    const own = await service.phone();
    await own.rotate(own.first, { claims: claims(own.caller.tokenEndpoint) });
  });
});

describe('at a resource (RFC 9449 section 7)', () => {
  type How = {
    readonly claims?: object;
    readonly by?: DeviceKey;
    readonly scheme?: string;
    readonly bare?: true;
  };
  const call = async (own: SignedIn, how: How = {}): Promise<Response> => {
    const url = `${service.target.issuer}/v1/sessions`;
    const { accessToken } = own.granted;
    const nonce = await own.caller.freshNonce();
    const claims = { htm: 'GET', htu: url, nonce, ath: tokenHash(accessToken), ...how.claims };
    const proof: Record<string, string> = how.bare === true ? {} : { dpop: signProof(how.by ?? key, claims) };
    return fetch(url, { headers: { authorization: `${how.scheme ?? 'DPoP'} ${accessToken}`, ...proof } });
  };

  it('lets a bound access token in with its proof', async () => {
    expect((await call(session)).status).toBe(200);
  });

  it.each<[string, How, string]>([
    ['without a proof', { bare: true }, 'use_dpop_nonce'],
    ['as a bearer token', { scheme: 'Bearer' }, 'invalid_token'],
    ['as a bearer token without a proof', { scheme: 'Bearer', bare: true }, 'invalid_token'],
    ['without a nonce', { claims: { nonce: undefined } }, 'use_dpop_nonce'],
    ['without the hash of the access token', { claims: { ath: undefined } }, 'invalid_dpop_proof'],
    ['with the hash of another token', { claims: { ath: tokenHash('x') } }, 'invalid_dpop_proof'],
    ['with a proof for another method', { claims: { htm: 'POST' } }, 'invalid_dpop_proof'],
    ['with a proof for another URI', { claims: { htu: 'http://127.0.0.1/v1' } }, 'invalid_dpop_proof'],
  ])('refuses it %s', async (_, how, error) => {
    const answer = await call(session, how);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain(`error="${error}"`);
  });

  it('refuses it with a proof by another key', async () => {
    const answer = await call(session, { by: await newDeviceKey() });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^DPoP .*error="invalid_token"/),
    ]);
  });

  it('refuses a proof that was used', async () => {
    const claims = { jti: newId() };
    expect((await call(session, { claims })).status).toBe(200);
    const answer = await call(session, { claims });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"');
    expect(answer.headers.get('dpop-nonce')).not.toBeNull();
  });
});

function withClaims(proof: string, claims: object): string {
  const [header = '', payload = '', signature = ''] = proof.split('.');
  const before = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const after = Buffer.from(JSON.stringify({ ...before, ...claims })).toString('base64url');
  return `${header}.${after}.${signature}`;
}
