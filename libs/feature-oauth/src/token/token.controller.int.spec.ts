// POST /token and POST /revoke: every rule of the request, every form of the answer.
import { EngineError } from '@sallyport/engine';
import { ExchangeCode, RefreshSession, RevokeToken } from '@sallyport/feature-ledger';
import type { OAuthFailure, TokenAnswer } from '@sallyport/feature-ledger';
import { MemorySecretStore, noon } from '@sallyport/testing';
import { authorization, encoded, startOAuth } from '../spec-examples.js';
import type { Fields, RunningOAuth } from '../spec-examples.js';

const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const exchange = {
  grant_type: 'authorization_code',
  code: 'sealed-code',
  code_verifier: verifier,
  redirect_uri: authorization.redirect_uri,
  client_id: 'demo-phone',
} as const;
const refresh = { grant_type: 'refresh_token', refresh_token: 'sprt_token', client_id: 'demo-phone' };
const revocation = { token: 'sprt_token', client_id: 'demo-phone' } as const;
const tokens: TokenAnswer = {
  kind: 'tokens',
  accessToken: 'at',
  tokenType: 'DPoP',
  expiresIn: 300,
  refreshToken: 'rt',
  scope: 'offline_access',
  position: '42',
};

let oauth: RunningOAuth;
beforeAll(async () => {
  oauth = await startOAuth(new MemorySecretStore());
});
beforeEach(() => {
  oauth.bus.commands.length = 0;
  oauth.bus.answer = () => tokens;
  oauth.clock.time = noon;
});
afterAll(() => oauth.close());

function fail(failure: Partial<OAuthFailure>): void {
  oauth.bus.answer = () => ({ kind: 'failure', error: 'invalid_grant', description: 'No.', ...failure });
}

function expectNothingDispatched(): void {
  expect(oauth.bus.commands).toEqual([]);
}

describe('a token request', () => {
  it('with a code becomes one ExchangeCode', async () => {
    const headers = { dpop: 'proof', 'user-agent': 'spec/1', 'app-version': '7.1.0', 'x-ignored': 'y' };
    await oauth.post('/token', exchange, headers);
    expect(oauth.bus.commands).toHaveLength(1);
    const command = oauth.bus.commands[0] as ExchangeCode;
    expect(command).toBeInstanceOf(ExchangeCode);
    expect(command.input).toEqual({
      grantType: 'authorization_code',
      code: 'sealed-code',
      codeVerifier: verifier,
      redirectUri: authorization.redirect_uri,
      clientId: 'demo-phone',
    });
    expect(command.proof).toEqual({ dpop: 'proof', method: 'POST', url: 'https://id.example/token' });
    expect(command.origin).toMatchObject({ ip: '127.0.0.1', userAgent: 'spec/1', appVersion: '7.1.0' });
    expect(command.origin.correlationId).not.toBe('');
  });

  it('with a refresh token becomes one RefreshSession', async () => {
    await oauth.post('/token', { ...refresh, scope: 'profile' });
    const command = oauth.bus.commands[0] as RefreshSession;
    expect(command).toBeInstanceOf(RefreshSession);
    const input = { refreshToken: 'sprt_token', clientId: 'demo-phone', scope: 'profile' };
    expect(command.input).toMatchObject(input);
    expect(command.proof.dpop).toBeUndefined();
  });

  it('names its endpoint by the issuer of the moment', async () => {
    oauth.settings.issuer = 'https://moved.example/auth';
    await oauth.post('/token', refresh);
    oauth.settings.issuer = 'https://id.example';
    expect((oauth.bus.commands[0] as RefreshSession).proof.url).toBe('https://moved.example/auth/token');
  });

  const faults: readonly [string, string, Fields][] = [
    ['invalid_request', 'grant_type is missing', { ...refresh, grant_type: undefined }],
    ['invalid_request', 'grant_type is missing', { ...refresh, grant_type: '' }],
    ['unsupported_grant_type', 'grant_type must be', { ...refresh, grant_type: 'password' }],
    ['invalid_request', 'client_id is missing', { ...refresh, client_id: undefined }],
    ['invalid_client', 'client_id is not registered', { ...refresh, client_id: 'nobody' }],
    ['invalid_client', 'client_id is not registered', { ...refresh, client_id: '__proto__' }],
    ['invalid_request', 'refresh_token is missing', { ...refresh, refresh_token: undefined }],
    ['invalid_request', 'refresh_token is longer', { ...refresh, refresh_token: 'x'.repeat(1_025) }],
    ['invalid_request', 'refresh_token was sent more than once', { ...refresh, refresh_token: ['a', 'b'] }],
    ['invalid_request', 'client_id was sent more', { ...refresh, client_id: ['demo-phone', 'demo-phone'] }],
    ['invalid_request', 'scope was sent more than once', { ...refresh, scope: ['a', 'b'] }],
    ['invalid_request', 'A parameter was sent more than once', { ...refresh, 'n"<b>': ['a', 'b'] }],
    ['invalid_scope', 'scope must be', { ...refresh, scope: 'a  b' }],
    ['invalid_scope', 'scope must be', { ...refresh, scope: 'a"b' }],
    ['invalid_request', 'scope is longer', { ...refresh, scope: 'x'.repeat(1_025) }],
    ['invalid_client', 'Clients are public', { ...refresh, client_secret: 's' }],
    ['invalid_client', 'Clients are public', { ...refresh, client_assertion: 's' }],
    ['invalid_request', 'code is missing', { ...exchange, code: undefined }],
    ['invalid_request', 'code is longer', { ...exchange, code: 'x'.repeat(8_193) }],
    ['invalid_request', 'code_verifier is missing', { ...exchange, code_verifier: undefined }],
    ['invalid_request', 'code_verifier must be', { ...exchange, code_verifier: 'short' }],
    ['invalid_request', 'code_verifier must be', { ...exchange, code_verifier: `${verifier}!` }],
    ['invalid_request', 'code_verifier is longer', { ...exchange, code_verifier: 'x'.repeat(129) }],
    ['invalid_request', 'redirect_uri is missing', { ...exchange, redirect_uri: undefined }],
    ['invalid_request', 'redirect_uri is longer', { ...exchange, redirect_uri: 'x'.repeat(2_049) }],
  ];
  it.each(faults)('is refused as %s: %s', async (error, description, fields) => {
    const answer = await oauth.post('/token', fields);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ error, error_description: expect.stringContaining(description) });
    expectNothingDispatched();
  });

  it('ignores parameters it does not know, `resource` more than once', async () => {
    const answer = await oauth.post('/token', { ...refresh, resource: ['a', 'b'], audience: 'x' });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['application/json', JSON.stringify(refresh)],
    ['text/plain', encoded(refresh)],
    ['multipart/form-data; boundary=b', encoded(refresh)],
    ['application/x-www-form-urlencodedish', encoded(refresh)],
  ])('as %s is refused', async (type, payload) => {
    const headers = { 'content-type': type };
    const answer = await oauth.call('/token', { method: 'POST', body: payload, headers });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('application/x-www-form-urlencoded'),
    });
    expect(answer.headers.get('dpop-nonce')).toBe(oauth.proofs.freshNonce());
    expectNothingDispatched();
  });

  it('is refused without a body, and with one that is too large', async () => {
    const none = await oauth.call('/token', { method: 'POST' });
    expect(none.json).toMatchObject({ error: 'invalid_request' });
    const large = await oauth.post('/token', { ...refresh, extra: 'x'.repeat(20_000) });
    expect([large.status, large.json.error]).toEqual([413, 'invalid_request']);
    expectNothingDispatched();
  });

  it.each([
    ['Basic ZGVtbzpz', 'Basic realm="sallyport"'],
    ['bearer abc', 'Bearer realm="sallyport"'],
    ['Strange "', 'Basic realm="sallyport"'],
  ])('with Authorization %j is a 401 that names the scheme', async (authorizationHeader, challenge) => {
    const answer = await oauth.post('/token', refresh, { authorization: authorizationHeader });
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_client']);
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    expectNothingDispatched();
  });
});

describe('a token answer', () => {
  it('is JSON of RFC 6749 section 5.1 that nobody stores, with its position', async () => {
    const answer = await oauth.post('/token', refresh);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
    expect(answer.headers.get('sallyport-position')).toBe('42');
    const body = { access_token: 'at', token_type: 'DPoP', expires_in: 300, refresh_token: 'rt' };
    expect(answer.json).toEqual({ ...body, scope: 'offline_access' });
  });

  it('leaves out a refresh token and a position that there are none of', async () => {
    oauth.bus.answer = () => ({ ...tokens, refreshToken: undefined, position: undefined });
    const answer = await oauth.post('/token', refresh);
    expect(answer.json).not.toHaveProperty('refresh_token');
    expect(answer.headers.has('sallyport-position')).toBe(false);
  });

  it('carries a fresh nonce, whatever the answer is', async () => {
    const nonce = oauth.proofs.freshNonce();
    expect((await oauth.post('/token', refresh)).headers.get('dpop-nonce')).toBe(nonce);
    expect((await oauth.post('/token', {})).headers.get('dpop-nonce')).toBe(nonce);
    expect((await oauth.post('/revoke', revocation)).headers.get('dpop-nonce')).toBe(nonce);
    fail({ error: 'use_dpop_nonce' });
    expect((await oauth.post('/token', refresh)).headers.get('dpop-nonce')).toBe(nonce);
    oauth.bus.answer = () => Promise.reject(new Error('broken'));
    expect((await oauth.post('/token', refresh)).headers.get('dpop-nonce')).toBe(nonce);
  });

  it('carries no nonce older than the failure asks for', async () => {
    fail({ error: 'use_dpop_nonce', nonceFloorMs: noon + 5_000 });
    const answer = await oauth.post('/token', refresh);
    expect(answer.headers.get('dpop-nonce')).toBe(oauth.proofs.freshNonce(noon + 5_000));
  });

  it.each([
    ['invalid_grant', 400],
    ['invalid_scope', 400],
    ['invalid_dpop_proof', 400],
    ['use_dpop_nonce', 400],
    ['temporarily_unavailable', 503],
  ] as const)('%s has status %i', async (error, status) => {
    fail({ error });
    const answer = await oauth.post('/token', refresh);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ error, error_description: 'No.' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '1' : null);
  });

  it('tells the reason and the time to wait where the ledger names them', async () => {
    fail({ reason: 'stale_token' });
    expect((await oauth.post('/token', refresh)).json).toMatchObject({ reason: 'stale_token' });
    fail({ error: 'temporarily_unavailable', retryAfterSeconds: 7 });
    expect((await oauth.post('/token', refresh)).headers.get('retry-after')).toBe('7');
  });

  it.each(['store_unavailable', 'outcome_unknown', 'queue_full', 'conflict_persists'] as const)(
    'says to ask again when the engine has %s, never invalid_grant',
    async (code) => {
      oauth.bus.answer = () => Promise.reject(new EngineError(code));
      const answer = await oauth.post('/token', refresh);
      expect([answer.status, answer.json.error]).toEqual([503, 'temporarily_unavailable']);
      expect(answer.headers.get('retry-after')).toBe('1');
    },
  );

  it('tells nothing of an error that nobody expected', async () => {
    oauth.bus.answer = () => Promise.reject(new Error('secret detail'));
    const answer = await oauth.post('/token', refresh);
    expect([answer.status, answer.json.error]).toEqual([500, 'server_error']);
    expect(answer.body).not.toContain('secret detail');
  });
});

describe('a revocation', () => {
  beforeEach(() => {
    oauth.bus.answer = () => ({ kind: 'done', position: '43' });
  });

  it('becomes one RevokeToken and is answered empty', async () => {
    const fields = { ...revocation, token_type_hint: 'access_token' };
    const answer = await oauth.post('/revoke', fields, { dpop: 'proof' });
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(answer.headers.get('sallyport-position')).toBe('43');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const command = oauth.bus.commands[0] as RevokeToken;
    expect(command).toBeInstanceOf(RevokeToken);
    expect(command.input).toEqual({ token: 'sprt_token', clientId: 'demo-phone' });
    expect(command.proof).toEqual({ dpop: 'proof', method: 'POST', url: 'https://id.example/revoke' });
  });

  it.each([
    ['without a token', 'invalid_request', { ...revocation, token: undefined }],
    ['with an overlong token', 'invalid_request', { ...revocation, token: 'x'.repeat(8_193) }],
    ['with two tokens', 'invalid_request', { ...revocation, token: ['a', 'b'] }],
    ['without a client', 'invalid_request', { ...revocation, client_id: undefined }],
    ['by an unknown client', 'invalid_client', { ...revocation, client_id: 'nobody' }],
  ] as const)('%s is refused as %s', async (_case, error, fields) => {
    const answer = await oauth.post('/revoke', fields);
    expect([answer.status, answer.json.error]).toEqual([400, error]);
    expectNothingDispatched();
  });

  it('is challenged where the ledger wants a proof', async () => {
    fail({ error: 'use_dpop_nonce' });
    const answer = await oauth.post('/revoke', revocation);
    expect([answer.status, answer.json.error]).toEqual([400, 'use_dpop_nonce']);
  });
});

describe('another method', () => {
  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'] as const)('%s is a 405', async (method) => {
    for (const url of ['/token', '/revoke']) {
      const answer = await oauth.call(url, { method, headers: { 'content-type': 'text/strange' } });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    }
    expectNothingDispatched();
  });
});
