// The OAuth profile over HTTP: metadata, keys, and what the authorization endpoint accepts (RFC 9700).
import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  authorizationUrl,
  demoPhone,
  newDeviceKey,
  signInByForm,
  SignInRefused,
} from '../tools/client/index.js';
import { UnderTest } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
});
afterAll(() => service.stop());

const phone = { ...demoPhone, clientId: 'phone' };

describe('metadata (RFC 8414)', () => {
  it('names itself, its endpoints, and only what is offered', async () => {
    const { issuer } = service.target;
    const answer = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const metadata = (await answer.json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
      dpop_signing_alg_values_supported: expect.arrayContaining(['ES256']),
    });
    expect(new Set(metadata['grant_types_supported'] as string[])).toEqual(
      new Set(['authorization_code', 'refresh_token']),
    );
    for (const name of ['authorization_endpoint', 'token_endpoint', 'revocation_endpoint', 'jwks_uri']) {
      expect(String(metadata[name]).startsWith(`${issuer}/`)).toBe(true);
    }
  });
});

describe('access tokens (RFC 9068) and their keys', () => {
  it('verify by the published keys, which hold nothing private and the next one ahead', async () => {
    const { issuer } = service.target;
    const url = new URL(String(service.as.jwks_uri));
    const { keys } = (await (await fetch(url)).json()) as { keys: Record<string, unknown>[] };
    expect(keys.length).toBeGreaterThanOrEqual(2);
    for (const key of keys) {
      expect(key).toMatchObject({
        kty: 'EC',
        crv: 'P-256',
        alg: 'ES256',
        use: 'sig',
        kid: expect.any(String),
      });
      expect(Object.keys(key)).not.toContain('d');
    }
    const session = await service.phone();
    const { accessToken, key } = session.granted;
    const verified = await jwtVerify(accessToken, createRemoteJWKSet(url), {
      issuer,
      audience: issuer,
      typ: 'at+jwt',
    });
    const { payload } = verified;
    expect(payload).toMatchObject({
      client_id: 'phone',
      scope: 'offline_access profile',
      cnf: { jkt: key?.thumbprint },
      sid: expect.any(String),
      did: expect.any(String),
      jti: expect.any(String),
      amr: ['pwd'],
      auth_time: expect.any(Number),
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(JSON.stringify(payload)).not.toContain('@');
  });
});

describe('the authorization endpoint tells the client at its redirect URI, with state and iss', () => {
  it.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ['no code challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['the plain method', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no method, which would mean plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['a challenge that is no SHA-256', { code_challenge: 'short' }, 'invalid_request'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['the implicit grant', { response_type: 'token' }, 'unsupported_response_type'],
    ['a hybrid one', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['a scope it may not ask for', { scope: 'profile admin' }, 'invalid_scope'],
    ['a fragment answer', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'e30.e30.' }, 'request_not_supported'],
    ['a request URI', { request_uri: 'https://example.org/r' }, 'request_uri_not_supported'],
    ['no person asked', { prompt: 'none' }, 'login_required'],
    ['a thumbprint that is none', { dpop_jkt: 'short' }, 'invalid_request'],
  ])('%s', async (_, extra, error) => {
    const { url, state } = await authorizationUrl(service.as, phone, extra);
    const { searchParams } = await redirectOf(url);
    const seen = ['error', 'state', 'iss', 'code'].map((name) => searchParams.get(name));
    expect(seen).toEqual([error, state, service.target.issuer, null]);
  });

  it.each(['response_type', 'scope', 'code_challenge', 'code_challenge_method', 'dpop_jkt'])(
    'a repeated %s',
    async (name) => {
      const { url } = await authorizationUrl(service.as, phone, { dpop_jkt: 'A'.repeat(43) });
      const value = new URL(url).searchParams.get(name) ?? '';
      const repeated = `${url}&${new URLSearchParams({ [name]: value }).toString()}`;
      expect((await redirectOf(repeated)).searchParams.get('error')).toBe('invalid_request');
    },
  );

  it('a client that must name its key and does not', async () => {
    const { url } = await authorizationUrl(service.as, { ...phone, clientId: 'names-its-key' });
    expect((await redirectOf(url)).searchParams.get('error')).toBe('invalid_request');
    await service.phone('names-its-key');
  });
});

describe('nobody is sent anywhere when client or redirect URI are not known to be right', () => {
  it.each<[string, string | undefined]>([
    ['another host', 'https://evil.example/callback'],
    ['another path', 'http://127.0.0.1/callback/more'],
    ['a query more', 'http://127.0.0.1/callback?more'],
    ['a fragment', 'http://127.0.0.1/callback#x'],
    ['a user name before the host', 'http://127.0.0.1@evil.example/callback'],
    ['a host that begins alike', 'http://127.0.0.1.evil.example/callback'],
    ['localhost, which is another name', 'http://localhost/callback'],
    ['a port where it is not loopback', 'https://app.example.org:444/callback'],
    ['another case of the path', 'https://app.example.org/Callback'],
    ['a path that climbs', 'https://app.example.org/x/../callback'],
    ['a script', 'javascript:alert(1)'],
    ['none', undefined],
  ])('%s', async (_, redirectUri) => {
    const { url } = await authorizationUrl(service.as, phone, { redirect_uri: redirectUri });
    expect(await pageOf(url)).toEqual([400, null]);
  });

  it('an unknown client, none, or two', async () => {
    const { url } = await authorizationUrl(service.as, phone, { client_id: 'unknown' });
    expect(await pageOf(url)).toEqual([400, null]);
    const { url: without } = await authorizationUrl(service.as, phone, { client_id: undefined });
    expect(await pageOf(without)).toEqual([400, null]);
    const { url: right } = await authorizationUrl(service.as, phone);
    expect(await pageOf(`${right}&client_id=phone`)).toEqual([400, null]);
    const twice = `${right}&redirect_uri=${encodeURIComponent(phone.redirectUri)}`;
    expect(await pageOf(twice)).toEqual([400, null]);
  });

  it('a loopback redirect may have any port (RFC 8252 section 7.3)', async () => {
    for (const redirectUri of [
      'http://127.0.0.1:1/callback',
      'http://127.0.0.1:65535/callback',
      'http://127.0.0.1/callback',
    ]) {
      const { url } = await authorizationUrl(service.as, { ...phone, redirectUri });
      expect(await pageOf(url)).toEqual([200, null]);
    }
  });
});

describe('the sign-in form', () => {
  it('ends in one redirect by 303 to the redirect URI, with code, state and iss', async () => {
    const person = await service.person();
    const { url, state } = await authorizationUrl(service.as, phone);
    const sentTo = await signInByForm({ url, redirectUri: phone.redirectUri, ...person });
    expect(sentTo.href.startsWith(`${phone.redirectUri}?`)).toBe(true);
    expect(sentTo.searchParams.get('state')).toBe(state);
    expect(sentTo.searchParams.get('iss')).toBe(service.target.issuer);
    expect([...sentTo.searchParams.keys()].toSorted()).toEqual(['code', 'iss', 'state']);
  });

  it('refuses a wrong password and an unknown name alike, and sends nobody anywhere', async () => {
    const person = await service.person();
    const { url } = await authorizationUrl(service.as, phone, {
      dpop_jkt: (await newDeviceKey()).thumbprint,
    });
    const refusal = async (username: string): Promise<SignInRefused> => {
      const attempt = signInByForm({
        url,
        redirectUri: phone.redirectUri,
        username,
        password: 'a wrong password',
      });
      return attempt.then(
        () => Promise.reject(new Error('signed in')),
        (error: unknown) => error as SignInRefused,
      );
    };
    const [known, unknown] = [await refusal(person.username), await refusal('nobody@example.org')];
    expect(known).toBeInstanceOf(SignInRefused);
    expect([known.status, known.message]).toEqual([unknown.status, unknown.message]);
  });
});

/** Where a request without a person leads. */
async function redirectOf(url: string): Promise<URL> {
  const answer = await fetch(url, { redirect: 'manual' });
  expect([302, 303]).toContain(answer.status);
  const location = new URL(answer.headers.get('location') ?? '');
  expect(location.href.startsWith(phone.redirectUri)).toBe(true);
  return location;
}

/** Status and redirect of a page. */
async function pageOf(url: string): Promise<[number, string | null]> {
  const answer = await fetch(url, { redirect: 'manual' });
  return [answer.status, answer.headers.get('location')];
}
