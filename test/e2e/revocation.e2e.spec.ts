// The revocation endpoint over HTTP (RFC 7009): which tokens end a session, and what changes nothing.
import { newDeviceKey } from '../tools/client/index.js';
import { UnderTest, verdict, type SignedIn } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
});
afterAll(() => service.stop());

/** The status, and the error if there is one. */
async function revoke(
  session: SignedIn,
  token: string,
  how: Parameters<SignedIn['refresh']>[1] = {},
): Promise<unknown> {
  const { status, body } = await session.caller.revoke(token, how);
  return body['error'] === undefined ? status : `${status} ${String(body['error'])}`;
}

describe('any genuine generation ends its session, proof or not', () => {
  it.each([
    ['phone', 'the latest', 0],
    ['phone', 'its predecessor', 1],
    ['phone', 'an older one', 3],
    ['bearer', 'the latest', 0],
    ['bearer', 'an older one', 3],
  ])('of a %s: %s', async (clientId, _, age) => {
    const session = clientId === 'phone' ? await service.phone() : await service.bearer();
    const tokens = [session.first];
    for (let turn = 0; turn < 4; turn += 1) tokens.push(await session.rotate(tokens.at(-1) ?? ''));
    expect(await revoke(session, tokens.at(-1 - age) ?? '')).toBe(200);
    expect(verdict(await session.refresh(tokens.at(-1) ?? ''))).toMatch(/^400 invalid_grant/);
    expect((await service.history(session)).at(-1)).toBe('revoked(client)');
    expect(await revoke(session, tokens.at(-1) ?? '')).toBe(200);
    expect((await service.history(session)).filter((name) => name.startsWith('revoked'))).toHaveLength(1);
  });

  it('and with it every access token of the session at this service', async () => {
    const session = await service.bearer();
    const call = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${session.granted.accessToken}` };
      return (await fetch(`${service.target.issuer}/v1/sessions`, { headers })).status;
    };
    expect(await call()).toBe(200);
    const { headers } = await session.caller.revoke(session.first);
    expect(headers.get('sallyport-position')).toMatch(/^\d+$/);
    expect(await call()).toBe(401);
  });
});

describe('anything else is answered 200 and changes nothing', () => {
  it.each<[string, (session: SignedIn) => Promise<unknown>]>([
    ['a forged token', (session) => revoke(session, `${session.first.slice(0, -4)}AAAA`)],
    ['no likeness of a token', (session) => revoke(session, 'forged')],
    ['an access token', (session) => revoke(session, session.granted.accessToken)],
    [
      "another client's token",
      (session) => revoke(session, session.first, { form: { client_id: 'other-phone' } }),
    ],
  ])('%s', async (_, attempt) => {
    const session = await service.phone();
    expect(await attempt(session)).toBe(200);
    await session.rotate(session.first);
    expect(await service.history(session)).toEqual(['started', 'refresh-rotated']);
  });

  it('a hint of the wrong type is only a hint', async () => {
    const session = await service.phone();
    expect(await revoke(session, session.first, { form: { token_type_hint: 'access_token' } })).toBe(200);
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant revoked');
  });
});

describe('a request that is wrong is told so', () => {
  it.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ['no token', { token: undefined }, '400 invalid_request'],
    ['no client', { client_id: undefined }, '400 invalid_request'],
    ['an unknown client', { client_id: 'unknown' }, '400 invalid_client'],
  ])('%s', async (_, form, expected) => {
    const session = await service.bearer();
    expect(await revoke(session, session.first, { form })).toBe(expected);
    await session.rotate(session.first);
  });
});

describe('a client registered to need a proof', () => {
  it('is challenged without one, never answered by a silent 200', async () => {
    const session = await service.phone('proof-to-revoke');
    const { key } = session.granted;
    expect(await revoke(session, session.first)).toBe('400 use_dpop_nonce');
    expect(await revoke(session, session.first, { key: await newDeviceKey() })).toBe('400 invalid_grant');
    expect(await revoke(session, session.first, { key, claims: { htm: 'GET' } })).toBe(
      '400 invalid_dpop_proof',
    );
    const next = await session.rotate(session.first);
    expect(await revoke(session, session.first, { key })).toBe(200);
    expect(verdict(await session.refresh(next))).toBe('400 invalid_grant revoked');
  });
});
