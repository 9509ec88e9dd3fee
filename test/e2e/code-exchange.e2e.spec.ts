// The exchange of a code over HTTP: what uses it up, what does not, and what a second use does.
import { newDeviceKey, newId, replay, type CodeInHand, type TokenCaller } from '../tools/client/index.js';
import { idsOf } from '../tools/drill/stage.js';
import { UnderTest, verdict } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
});
afterAll(() => service.stop());

type Form = Readonly<Record<string, string | undefined>>;

describe('a wrong request neither consumes a code nor ends anything', () => {
  let code: CodeInHand;
  let caller: TokenCaller;
  beforeAll(async () => {
    [code, caller] = [await service.code('bearer'), service.caller('bearer')];
  });

  it.each<[string, Form, string]>([
    ['a wrong verifier', { code_verifier: 'x'.repeat(43) }, '400 invalid_grant'],
    ['no verifier', { code_verifier: undefined }, '400 invalid_request'],
    ['a verifier that is too short', { code_verifier: 'short' }, '400 invalid_request'],
    ['another client', { client_id: 'grace-bearer' }, '400 invalid_grant'],
    ['an unknown client', { client_id: 'unknown' }, '400 invalid_client'],
    ['no client', { client_id: undefined }, '400 invalid_request'],
    ['another redirect URI', { redirect_uri: 'https://app.example.org/callback' }, '400 invalid_grant'],
    ['another port', { redirect_uri: 'http://127.0.0.1:1/callback' }, '400 invalid_grant'],
    ['no redirect URI', { redirect_uri: undefined }, '400 invalid_request'],
    ['no code', { code: undefined }, '400 invalid_request'],
    ['a code that is none', { code: 'forged' }, '400 invalid_grant'],
    ['another grant type', { grant_type: 'password' }, '400 unsupported_grant_type'],
    ['no grant type', { grant_type: undefined }, '400 invalid_request'],
  ])('%s', async (_, form, expected) => {
    const answer = await caller.exchange(code, { form });
    expect(verdict(answer)).toBe(expected);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('an altered code', async () => {
    const { length } = code.code;
    for (const at of [0, Math.floor(length / 2), length - 2]) {
      const letter = code.code[at] === 'A' ? 'B' : 'A';
      const altered = code.code.slice(0, at) + letter + code.code.slice(at + 1);
      expect(verdict(await caller.exchange(code, { form: { code: altered } }))).toBe('400 invalid_grant');
    }
  });

  it('a parameter sent twice, a body of another type, a client that tries a secret', async () => {
    const form = { grant_type: 'authorization_code', client_id: 'bearer', code: code.code };
    const body = `${new URLSearchParams(form).toString()}&code=${encodeURIComponent(code.code)}`;
    const type = 'application/x-www-form-urlencoded';
    const send = (sent: string, headers: Record<string, string>): Promise<Response> =>
      fetch(caller.tokenEndpoint, { method: 'POST', body: sent, headers });
    expect(await errorOf(await send(body, { 'content-type': type }))).toEqual([400, 'invalid_request']);
    const json = JSON.stringify(form);
    expect((await send(json, { 'content-type': 'application/json' })).status).toBeGreaterThanOrEqual(400);
    const basic = { 'content-type': type, authorization: `Basic ${btoa('bearer:secret')}` };
    const refused = await send(new URLSearchParams(form).toString(), basic);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic/);
    expect(await errorOf(refused)).toEqual([401, 'invalid_client']);
    expect((await fetch(caller.tokenEndpoint)).status).toBe(405);
  });

  it('after all that the code is good', async () => {
    const answer = await caller.exchange(code);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 300 } });
  });
});

describe('a code and the key', () => {
  it('named in dpop_jkt: another key or none is refused, and the code stays good', async () => {
    const [key, caller] = [await newDeviceKey(), service.caller('phone')];
    const code = await service.code('phone', { dpopJkt: key.thumbprint });
    expect(verdict(await caller.exchange(code))).toBe('400 use_dpop_nonce');
    expect(verdict(await caller.exchange(code, { key: await newDeviceKey() }))).toBe('400 invalid_grant');
    expect(verdict(await caller.exchange(code, { key, claims: { nonce: undefined } }))).toBe(
      '400 use_dpop_nonce',
    );
    expect(verdict(await caller.exchange(code, { key, claims: { htm: 'GET' } }))).toBe(
      '400 invalid_dpop_proof',
    );
    expect((await caller.exchange(code, { key })).body).toMatchObject({ token_type: 'DPoP' });
  });

  it('a key-bound client never gets a bearer token', async () => {
    const caller = service.caller('phone');
    expect(verdict(await caller.exchange(await service.code('phone')))).toBe('400 use_dpop_nonce');
  });

  it('a proof sent by a bearer client binds the session', async () => {
    const [key, caller] = [await newDeviceKey(), service.caller('bearer')];
    const granted = await caller.exchange(await service.code('bearer'), { key });
    expect(granted.body).toMatchObject({ token_type: 'DPoP' });
    const token = String(granted.body['refresh_token']);
    expect(verdict(await caller.refresh(token))).toBe('400 use_dpop_nonce');
    expect(verdict(await caller.refresh(token, { key }))).toBe('tokens');
  });
});

describe('a second exchange of a code', () => {
  it('ends a bearer session', async () => {
    const [code, caller] = [await service.code('bearer'), service.caller('bearer')];
    const token = String((await caller.exchange(code)).body['refresh_token']);
    expect(verdict(await caller.exchange(code))).toBe('400 invalid_grant');
    expect(verdict(await caller.refresh(token))).toBe('400 invalid_grant');
  });

  it('ends a key-bound session when its nonce is from after the first', async () => {
    const [key, caller] = [await newDeviceKey(), service.caller('phone')];
    const code = await service.code('phone', { dpopJkt: key.thumbprint });
    const first = await caller.exchange(code, { key });
    const token = String(first.body['refresh_token']);
    expect(verdict(await caller.exchange(code, { key }))).toBe('400 invalid_grant code_reused');
    expect(verdict(await caller.refresh(token, { key }))).toBe('400 invalid_grant revoked');
    const { sid } = idsOf({ accessToken: String(first.body['access_token']) });
    const told = ['started', 'revoked(code_reused)'];
    expect(await service.target.ledger.history(`session-${sid}`)).toEqual(told);
  });

  it('is an overtaken retry when its nonce is older: refused without effect', async () => {
    const [key, caller] = [await newDeviceKey(), service.caller('phone')];
    const code = await service.code('phone', { dpopJkt: key.thumbprint });
    const nonce = await caller.freshNonce();
    const token = String((await caller.exchange(code, { key })).body['refresh_token']);
    const overtaken = await caller.exchange(code, { key, claims: { nonce } });
    expect(verdict(overtaken)).toMatch(/^400 invalid_grant/);
    expect(verdict(await caller.refresh(token, { key }))).toBe('tokens');
  });

  it('by another key, a wrong verifier, or byte for byte has no effect either', async () => {
    const [key, caller] = [await newDeviceKey(), service.caller('phone')];
    const code = await service.code('phone');
    const token = String((await caller.exchange(code, { key })).body['refresh_token']);
    const copied = caller.network.posts.at(-1);
    if (copied === undefined) throw new Error('nothing was sent');
    expect(verdict(await replay(copied))).toBe('400 invalid_dpop_proof');
    expect(verdict(await caller.exchange(code, { key: await newDeviceKey() }))).toMatch(/^400 invalid_grant/);
    const form = { code_verifier: 'x'.repeat(43) };
    expect(verdict(await caller.exchange(code, { key, form }))).toBe('400 invalid_grant');
    expect(verdict(await caller.refresh(token, { key }))).toBe('tokens');
  });
});

describe('what a code stands for', () => {
  it('lives 60 seconds', async () => {
    const [code, caller] = [await service.code('bearer'), service.caller('bearer')];
    await service.target.operator.advanceClock(61);
    expect(verdict(await caller.exchange(code))).toBe('400 invalid_grant');
  });

  it('is a session without refresh token where offline_access was not asked', async () => {
    const caller = service.caller('bearer');
    const person = await service.person();
    const answer = await caller.exchange(await service.code('bearer', { person, scope: 'profile' }));
    expect(answer).toMatchObject({ status: 200, body: { scope: 'profile' } });
    expect(answer.body['refresh_token']).toBeUndefined();
  });

  it('is neither a refresh token nor the other way round', async () => {
    const session = await service.bearer();
    const code = await service.code('bearer');
    expect(verdict(await session.caller.refresh(code.code))).toBe('400 invalid_grant');
    const swapped = await session.caller.exchange(code, { form: { code: session.first } });
    expect(verdict(swapped)).toBe('400 invalid_grant');
    expect(verdict(await session.caller.refresh(session.granted.accessToken))).toMatch(
      /^400 invalid_(grant|request)$/,
    );
    await session.rotate(session.first);
  });

  it('refuses a refresh without a token, or with one sent twice', async () => {
    const session = await service.bearer();
    const missing = await session.caller.refresh(session.first, { form: { refresh_token: undefined } });
    expect(verdict(missing)).toBe('400 invalid_request');
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'bearer',
      refresh_token: newId(),
    });
    body.append('refresh_token', session.first);
    const answer = await fetch(session.caller.tokenEndpoint, { method: 'POST', body });
    expect(await errorOf(answer)).toEqual([400, 'invalid_request']);
    await session.rotate(session.first);
  });
});

async function errorOf(answer: Response): Promise<[number, unknown]> {
  return [answer.status, ((await answer.json()) as Record<string, unknown>)['error']];
}
