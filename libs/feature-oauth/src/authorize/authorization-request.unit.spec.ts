// The rules of the authorization endpoint: what is accepted, what the client is told, where nobody is sent.
import { ClientRegistry } from '@sallyport/feature-ledger';
import { authorization, codeChallenge, demoPhone, strictPhone, thumbprint } from '../spec-examples.js';
import { authorizationQuery, readAuthorization } from './authorization-request.js';

const clients = new ClientRegistry([demoPhone, strictPhone]);
const read = (query: object) => readAuthorization({ ...authorization, ...query }, clients);

describe('an authorization request', () => {
  it('is accepted with the scope it asks for', () => {
    const request = {
      clientId: 'demo-phone',
      redirectUri: authorization.redirect_uri,
      scope: 'offline_access',
      state: authorization.state,
      codeChallenge,
    };
    expect(read({})).toEqual({ kind: 'accepted', client: demoPhone, request });
  });

  it('gets the whole scope of its client when it names none, and each name once', () => {
    expect(read({ scope: undefined })).toMatchObject({ request: { scope: 'offline_access profile' } });
    expect(read({ scope: '' })).toMatchObject({ request: { scope: 'offline_access profile' } });
    const asked = { scope: 'profile offline_access profile' };
    expect(read(asked)).toMatchObject({ request: { scope: 'offline_access profile' } });
  });

  it('may go without state, and may bind its code to a key', () => {
    const outcome = read({ state: undefined, dpop_jkt: thumbprint });
    expect(outcome).toMatchObject({ kind: 'accepted', request: { dpopJkt: thumbprint } });
    expect(outcome).not.toHaveProperty('request.state');
  });

  it('may name the response mode there is and ask the person', () => {
    expect(read({ response_mode: 'query', prompt: 'login', nonce: 'n', max_age: '0' }).kind).toBe('accepted');
  });

  it('can be asked again by its query', () => {
    const outcome = read({ dpop_jkt: thumbprint, state: 'a&b=c d' });
    if (outcome.kind !== 'accepted') throw new Error(outcome.kind);
    const again = Object.fromEntries(new URLSearchParams(authorizationQuery(outcome.request)));
    expect(readAuthorization(again, clients)).toEqual(outcome);
  });

  it.each([
    ['client', { client_id: undefined }],
    ['client', { client_id: 'nobody' }],
    ['client', { client_id: ['demo-phone', 'demo-phone'] }],
    ['redirectUri', { redirect_uri: undefined }],
    ['redirectUri', { redirect_uri: 'https://evil.example/cb' }],
    ['redirectUri', { redirect_uri: [authorization.redirect_uri, authorization.redirect_uri] }],
    ['redirectUri', { redirect_uri: `http://127.0.0.1:1/${'x'.repeat(1_024)}` }],
  ])('is answered to nobody without a %s that is known: %j', (cause, query) => {
    expect(read(query)).toEqual({ kind: 'unanswerable', cause });
  });

  it('is refused for an unknown client before anything else', () => {
    expect(readAuthorization({}, clients)).toEqual({ kind: 'unanswerable', cause: 'client' });
  });

  const faults: readonly [string, string, object][] = [
    ['unsupported_response_type', 'response_type must be code', { response_type: 'token' }],
    ['unsupported_response_type', 'response_type must be code', { response_type: 'code id_token' }],
    ['invalid_request', 'response_type is missing', { response_type: undefined }],
    ['invalid_request', 'response_mode must be query', { response_mode: 'fragment' }],
    ['invalid_request', 'response_mode must be query', { response_mode: 'form_post' }],
    ['invalid_request', 'code_challenge is missing', { code_challenge: undefined }],
    ['invalid_request', 'code_challenge must be 43', { code_challenge: codeChallenge.slice(1) }],
    ['invalid_request', 'code_challenge must be 43', { code_challenge: `${codeChallenge}A` }],
    ['invalid_request', 'code_challenge must be 43', { code_challenge: codeChallenge.replace('-', '+') }],
    ['invalid_request', 'code_challenge_method is missing', { code_challenge_method: undefined }],
    ['invalid_request', 'code_challenge_method must be S256', { code_challenge_method: 'plain' }],
    ['invalid_request', 'code_challenge_method must be S256', { code_challenge_method: 's256' }],
    ['invalid_request', 'dpop_jkt must be 43', { dpop_jkt: 'short' }],
    ['invalid_request', 'dpop_jkt is missing', { client_id: 'strict-phone' }],
    ['invalid_scope', 'scope names something', { scope: 'offline_access admin' }],
    ['invalid_scope', 'scope names something', { scope: 'offline_access  profile' }],
    ['invalid_request', 'scope is longer', { scope: 'x'.repeat(1_025) }],
    ['invalid_request', 'scope was sent more than once', { scope: ['profile', 'profile'] }],
    ['invalid_request', 'nonce was sent more than once', { nonce: ['a', 'b'] }],
    ['invalid_request', 'code_challenge was sent more than once', { code_challenge: [codeChallenge, 'x'] }],
    ['login_required', 'prompt=none cannot', { prompt: 'none' }],
    ['login_required', 'prompt=none cannot', { prompt: 'login none' }],
    ['request_not_supported', 'request is not supported', { request: 'ey' }],
    ['request_uri_not_supported', 'request_uri is not supported', { request_uri: 'https://x.example' }],
  ];
  it.each(faults)('is refused as %s to the client: %s', (code, description, query) => {
    expect(read(query)).toEqual({
      kind: 'refused',
      error: expect.objectContaining({ code, description: expect.stringContaining(description) }),
      redirectUri: authorization.redirect_uri,
      state: authorization.state,
    });
  });

  it('is refused without repeating a state that is no state', () => {
    for (const state of ['x'.repeat(2_049), 'ü', 'a\nb', ['a', 'b']]) {
      const outcome = read({ state });
      expect(outcome).toMatchObject({ kind: 'refused', error: { code: 'invalid_request' } });
      expect(outcome).not.toHaveProperty('state');
    }
    expect(read({ state: 'x'.repeat(2_048) }).kind).toBe('accepted');
  });
});
