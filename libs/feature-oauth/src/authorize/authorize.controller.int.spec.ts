// GET /authorize and POST /sign-in: the form, who may send it, and what each outcome looks like.
import { EngineError } from '@sallyport/engine';
import { SignIn } from '@sallyport/feature-ledger';
import type { Authentication } from '@sallyport/feature-ledger';
import { MemorySecretStore, noon } from '@sallyport/testing';
import { authorization, codeChallenge, encoded, startOAuth, thumbprint } from '../spec-examples.js';
import type { Answer, Fields, RunningOAuth } from '../spec-examples.js';

const authentication: Authentication = {
  accountId: 'alice',
  marker: { account: 3, cutoffs: -1 },
  authTimeMs: noon,
  acr: 'pwd',
  amr: ['pwd'],
};
const credentials = { username: 'alice@example.com', password: 'correct horse battery' };

let oauth: RunningOAuth;
beforeAll(async () => {
  oauth = await startOAuth(new MemorySecretStore());
});
beforeEach(() => {
  oauth.bus.commands.length = 0;
  oauth.bus.answer = () => ({ kind: 'authenticated', authentication });
  oauth.clock.time = noon;
  oauth.settings.signUpEnabled = true;
});
afterAll(() => oauth.close());

const authorize = (fields: Fields = {}, headers = {}): Promise<Answer> =>
  oauth.call(`/authorize?${encoded({ ...authorization, ...fields })}`, { headers });

/** The form of a page, as a browser that keeps its cookie would send it. */
function formOf(answer: Answer): { readonly form: string; readonly cookie: string } {
  const form = /name="form" value="([\w-]+)"/.exec(answer.body)?.[1] ?? '';
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return { form, cookie };
}

async function signIn(fields: Fields = credentials, of: Fields = {}): Promise<Answer> {
  const { form, cookie } = formOf(await authorize(of));
  return oauth.post('/sign-in', { form, ...fields }, { cookie });
}

function locationOf(answer: Answer): URL {
  return new URL(answer.headers.get('location') ?? 'missing:');
}

describe('the sign-in page', () => {
  it('is a form without scripts that names the app, escaped', async () => {
    const { status, body, headers } = await authorize();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(body).toContain('<html lang="en">');
    expect(body).toContain('<title>Sign in – Demo &lt;phone&gt;</title>');
    expect(body.match(/<h1>/g)).toHaveLength(1);
    expect(body).toMatch(/<label for="username">.*<input id="username"[^>]*autocomplete="username"/s);
    expect(body).toMatch(/<label for="password">.*<input id="password"[^>]*autocomplete="current-password"/s);
    expect(body).not.toMatch(/<script|\son\w+=|<phone>/);
  });

  it('may load nothing, be framed nowhere, and post to itself and the redirect only', async () => {
    const { headers } = await authorize();
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      expect.stringMatching(/^style-src 'sha256-[\w+/]{43}='$/),
      "form-action 'self' http://127.0.0.1:49152",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('admits the scheme of an app by its scheme', async () => {
    const { headers } = await authorize({ redirect_uri: 'com.example.app:/oauth' });
    expect(headers.get('content-security-policy')).toContain("form-action 'self' com.example.app:;");
  });

  it('sets a host cookie, and keeps the one it finds', async () => {
    const first = await authorize();
    const [cookie = '', ...others] = first.headers.getSetCookie();
    expect(others).toEqual([]);
    const [kept = '', ...attributes] = cookie.split('; ');
    expect(kept).toMatch(/^__Host-sallyport-form=[\w-]{43}$/);
    expect(attributes).toEqual(['Path=/', 'Max-Age=600', 'HttpOnly', 'SameSite=Lax', 'Secure']);
    const second = await authorize({}, { cookie: `a=b; ${kept}; c=d` });
    expect(second.headers.getSetCookie()[0]).toContain(`${kept};`);
    const third = await authorize({}, { cookie: '__Host-sallyport-form=chosen-by-somebody' });
    expect(third.headers.getSetCookie()[0]).not.toContain('chosen');
  });

  it('offers to open an account where that is on', async () => {
    const href = 'href="sign-up?response_type=code&amp;client_id=demo-phone&amp;';
    expect((await authorize()).body).toContain(href);
    oauth.settings.signUpEnabled = false;
    expect((await authorize()).body).not.toContain('sign-up');
  });

  it('is not shown for a client or redirect URI that is not known: a page says so', async () => {
    for (const fields of [{ client_id: '"><b>' }, { redirect_uri: 'https://evil.example/' }]) {
      const { status, headers, body } = await authorize(fields);
      expect(status).toBe(400);
      expect(headers.has('location')).toBe(false);
      expect(body).toContain('<h1>This link does not work</h1>');
      expect(body).not.toContain('evil');
    }
  });

  it('is not shown for a request that breaks a rule: the client is told', async () => {
    const answer = await authorize({ code_challenge_method: 'plain' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const location = locationOf(answer);
    expect(location.origin + location.pathname).toBe('http://127.0.0.1:49152/callback');
    expect(Object.fromEntries(location.searchParams)).toEqual({
      error: 'invalid_request',
      error_description: 'code_challenge_method must be S256.',
      state: authorization.state,
      iss: 'https://id.example',
    });
  });
});

describe('a sign-in', () => {
  it('with the right password ends at the redirect URI with a code, the state and the issuer', async () => {
    const answer = await signIn(credentials, { dpop_jkt: thumbprint });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    const location = locationOf(answer);
    expect(location.origin + location.pathname).toBe('http://127.0.0.1:49152/callback');
    const { code = '', ...rest } = Object.fromEntries(location.searchParams);
    expect(rest).toEqual({ state: authorization.state, iss: 'https://id.example' });
    expect(await oauth.codes.open(code)).toMatchObject({
      ...authentication,
      clientId: 'demo-phone',
      redirectUri: authorization.redirect_uri,
      scope: 'offline_access',
      codeChallenge,
      dpopJkt: thumbprint,
    });
  });

  it('becomes one SignIn', async () => {
    await signIn();
    expect(oauth.bus.commands).toHaveLength(1);
    const command = oauth.bus.commands[0] as SignIn;
    expect(command).toBeInstanceOf(SignIn);
    expect(command.input).toEqual({ ...credentials, clientId: 'demo-phone' });
    expect(command.origin.ip).toBe('127.0.0.1');
  });

  it('carries the largest request there is', async () => {
    const scope = 'offline_access profile';
    const answer = await signIn(credentials, { state: '"'.repeat(2_048), scope, dpop_jkt: thumbprint });
    expect(locationOf(answer).searchParams.get('state')).toBe('"'.repeat(2_048));
  });

  it.each([
    ['refused', 422, 'The e-mail address or the password is not right.'],
    ['locked', 403, 'This account is locked.'],
    ['throttled', 429, 'Too many attempts.'],
  ] as const)('%s shows the form again with status %i and says so', async (kind, status, text) => {
    oauth.bus.answer = () => (kind === 'throttled' ? { kind, retryAfterSeconds: 30 } : { kind });
    const answer = await signIn({ ...credentials, username: '"><i>@example.com' });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(kind === 'throttled' ? '30' : null);
    expect(answer.body).toMatch(new RegExp(`id="problem" role="alert">.*${text}`, 's'));
    expect(answer.body).toContain('<title>Error – Sign in');
    expect(answer.body.match(/aria-describedby="problem"/g)).toHaveLength(2);
    expect(answer.body).toContain('value="&quot;&gt;&lt;i&gt;@example.com"');
    expect(answer.body).not.toContain(credentials.password);
    oauth.bus.answer = () => ({ kind: 'authenticated', authentication });
    const { form, cookie } = formOf(answer);
    expect((await oauth.post('/sign-in', { ...credentials, form }, { cookie })).status).toBe(303);
  });

  it.each(['store_unavailable', 'queue_full'] as const)('that meets %s may be tried again', async (code) => {
    oauth.bus.answer = () => Promise.reject(new EngineError(code));
    const answer = await signIn();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answer.body).toContain('name="form"');
  });

  it('that fails unexpectedly tells nothing', async () => {
    oauth.bus.answer = () => Promise.reject(new Error('secret detail'));
    const answer = await signIn();
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.body).not.toContain('secret detail');
  });

  it.each([
    ['no name', { password: 'x' }, 422],
    ['a blank name', { username: ' ', password: 'x' }, 422],
    ['no password', { username: 'x' }, 422],
    ['two names', { username: ['x', 'y'], password: 'x' }, 422],
    ['an overlong name', { ...credentials, username: 'x'.repeat(321) }, 422],
    ['an overlong password', { ...credentials, password: 'x'.repeat(1_025) }, 422],
  ] as const)('with %s is never checked', async (_case, fields, status) => {
    const answer = await signIn(fields);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain('role="alert"');
    expect(oauth.bus.commands).toEqual([]);
  });
});

describe('a form', () => {
  const send = async (change: { form?: string; cookie?: string; path?: string }): Promise<Answer> => {
    const { form, cookie } = { ...formOf(await authorize()), ...change };
    return oauth.post(change.path ?? '/sign-in', { ...credentials, form }, { cookie });
  };
  const cookieOf = (value: string): string => `__Host-sallyport-form=${value}`;

  it.each([
    ['without its cookie', { cookie: '' }, 403],
    ['with the cookie of another browser', { cookie: cookieOf('A'.repeat(43)) }, 403],
    ['with a cookie under another name', { cookie: `sallyport-form=${'A'.repeat(43)}` }, 403],
    ['without a token', { form: '' }, 400],
    ['with a token that is none', { form: 'A'.repeat(200) }, 400],
    ['with an overlong token', { form: 'A'.repeat(8_193) }, 400],
    ['for another page', { path: '/sign-up' }, 400],
  ])('%s gets a page that says to start again', async (_case, change, status) => {
    const answer = await send(change);
    expect(answer.status).toBe(status);
    expect(answer.headers.has('location')).toBe(false);
    expect(answer.body).toContain('start again');
    expect(oauth.bus.commands).toEqual([]);
  });

  it('is good for ten minutes', async () => {
    const { form, cookie } = formOf(await authorize());
    oauth.clock.time = noon + 599_999;
    expect((await oauth.post('/sign-in', { ...credentials, form }, { cookie })).status).toBe(303);
    oauth.clock.time = noon + 600_000;
    const late = await oauth.post('/sign-in', { ...credentials, form }, { cookie });
    expect([late.status, late.body]).toEqual([400, expect.stringContaining('too old')]);
  });

  it('shows nothing of the request it carries', async () => {
    const { form } = formOf(await authorize());
    expect(Buffer.from(form, 'base64url').toString('latin1')).not.toContain(authorization.state);
  });

  it('that is too large or no form gets a page', async () => {
    const large = await oauth.post('/sign-in', { form: 'x'.repeat(20_000) });
    expect([large.status, large.headers.get('content-type')]).toEqual([413, 'text/html; charset=utf-8']);
    const json = await oauth.post('/sign-in', {}, { 'content-type': 'text/strange' });
    expect([json.status, json.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
  });

  it('is sent by POST only: the page says so', async () => {
    const answer = await oauth.call('/sign-in');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(answer.body).toContain('start again');
  });
});

describe('over plain http on a loopback address', () => {
  beforeAll(() => {
    oauth.settings.issuer = 'http://127.0.0.1:3000';
    oauth.settings.development = true;
  });
  afterAll(() => {
    oauth.settings.issuer = 'https://id.example';
    oauth.settings.development = false;
  });

  it('the cookie also comes without the prefix, for browsers that take no Secure cookie there', async () => {
    const page = await authorize();
    const [secure = '', plain = ''] = page.headers.getSetCookie();
    const [cookie = ''] = plain.split(';');
    expect(secure).toBe(`__Host-${plain}; Secure`);
    const sent = await oauth.post('/sign-in', { ...credentials, form: formOf(page).form }, { cookie });
    expect(sent.status).toBe(303);
  });
});
