// What the issuer publishes about itself: metadata by RFC 8414, keys by RFC 7517.
import { MemorySecretStore } from '@sallyport/testing';
import { startOAuth } from './spec-examples.js';
import type { RunningOAuth } from './spec-examples.js';

const wellKnown = '/.well-known/oauth-authorization-server';

let oauth: RunningOAuth;
beforeAll(async () => {
  oauth = await startOAuth(new MemorySecretStore());
});
afterEach(() => {
  oauth.settings.issuer = 'https://id.example';
});
afterAll(() => oauth.close());

describe('the metadata', () => {
  it('names every endpoint and exactly what is supported', async () => {
    const answer = await oauth.call(wellKnown);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.json).toEqual({
      issuer: 'https://id.example',
      authorization_endpoint: 'https://id.example/authorize',
      token_endpoint: 'https://id.example/token',
      revocation_endpoint: 'https://id.example/revoke',
      jwks_uri: 'https://id.example/.well-known/jwks.json',
      scopes_supported: ['offline_access', 'profile'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      authorization_response_iss_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      ui_locales_supported: ['en'],
    });
  });

  it('of an issuer with a path is found under that path, and under no other', async () => {
    oauth.settings.issuer = 'https://id.example/tenant/a';
    const answer = await oauth.call(`${wellKnown}/tenant/a`);
    expect(answer.json).toMatchObject({ issuer: 'https://id.example/tenant/a' });
    expect((await oauth.call(`${wellKnown}/tenant/b`)).status).toBe(404);
  });
});

describe('the keys', () => {
  it('are public, the next one included, and cacheable', async () => {
    const answer = await oauth.call('/.well-known/jwks.json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    const keys = answer.json['keys'] as Record<string, string>[];
    expect(keys.length).toBeGreaterThanOrEqual(2);
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' });
      expect(key).not.toHaveProperty('d');
    }
  });

  it('are read by GET and HEAD only', async () => {
    const answer = await oauth.call('/.well-known/jwks.json', { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await oauth.call('/.well-known/jwks.json', { method: 'HEAD' })).status).toBe(200);
  });
});
