// The rotation table over HTTP: rows 1, 7, 8, 10 to 14. Rows 2, 3: dpop-proofs; 4, 5, 6, 9: rotation-later.
import { newDeviceKey, newId, replay, tokenHash } from '../tools/client/index.js';
import { UnderTest, verdict, type SignedIn } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
});
afterAll(() => service.stop());

const altered = (token: string, at: number): string =>
  token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);

describe('row 1: what was not minted here is invalid_grant, before anything is read', () => {
  it.each([
    ['an empty secret', (token: string) => token.slice(0, 40)],
    ['another prefix', (token: string) => `x${token.slice(1)}`],
    ['another version', (token: string) => altered(token, 5)],
    ['another key id', (token: string) => altered(token, 9)],
    ['another session id', (token: string) => altered(token, 20)],
    ['another generation', (token: string) => altered(token, 37)],
    ['another secret', (token: string) => altered(token, 60)],
    ['another tag', (token: string) => altered(token, 100)],
    ['something behind it', (token: string) => `${token}A`],
    ['no likeness at all', () => 'forged'],
  ])('%s', async (_, forge) => {
    const session = await sharedPhone();
    expect(verdict(await session.refresh(forge(session.first)))).toBe('400 invalid_grant');
    expect(verdict(await session.caller.refresh(forge(session.first)))).toBe('400 invalid_grant');
    expect(await service.history(session)).toEqual(['started']);
  });
});

describe('row 7: a proof by another key gets invalid_grant without a reason', () => {
  it('flags the session once, however often it is tried, and the owner goes on', async () => {
    const session = await service.phone();
    const stranger = await newDeviceKey();
    for (let time = 0; time < 3; time += 1) {
      const answer = await session.refresh(session.first, { key: stranger });
      expect(verdict(answer)).toBe('400 invalid_grant');
      expect(JSON.stringify(answer.body)).not.toContain(session.first);
    }
    const next = await session.rotate(session.first);
    expect(verdict(await session.refresh(session.first, { key: stranger }))).toBe('400 invalid_grant');
    await session.rotate(next);
    const told = ['started', 'reuse-detected(wrong_key)', 'refresh-rotated', 'refresh-rotated'];
    expect(await service.history(session)).toEqual(told);
  });

  it('ends the session of a client registered so', async () => {
    const session = await service.phone('wrong-key-ends');
    expect(verdict(await session.refresh(session.first, { key: await newDeviceKey() }))).toBe(
      '400 invalid_grant',
    );
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant revoked');
    expect(await service.history(session)).toEqual(['started', 'reuse-detected(wrong_key)']);
  });
});

describe('row 8: a proof that was used before is invalid_dpop_proof, and the token is not judged', () => {
  it('with the token it rotated, and with the one it made', async () => {
    const session = await service.phone();
    const jti = newId();
    const next = await session.rotate(session.first, { claims: { jti, ath: undefined } });
    const copied = session.caller.network.posts.at(-1);
    if (copied === undefined) throw new Error('nothing was sent');
    const answer = await replay(copied);
    expect(verdict(answer)).toBe('400 invalid_dpop_proof');
    expect(answer.headers.get('dpop-nonce')).not.toBeNull();
    const other = await session.refresh(next, { claims: { jti, ath: undefined } });
    expect(verdict(other)).toBe('400 invalid_dpop_proof');
    await session.rotate(next);
  });

  it('the proof of the exchange is not good for a refresh', async () => {
    const key = await newDeviceKey();
    const caller = service.caller('phone');
    const jti = newId();
    const granted = await caller.exchange(await service.code('phone'), { key, claims: { jti } });
    const token = String(granted.body['refresh_token']);
    const again = await caller.refresh(token, { key, claims: { jti, ath: undefined } });
    expect(verdict(again)).toBe('400 invalid_dpop_proof');
    expect(verdict(await caller.refresh(token, { key }))).toBe('tokens');
  });
});

describe('row 10: neither a foreign token nor too wide a scope consumes', () => {
  it("another client's token is invalid_grant", async () => {
    const session = await service.phone();
    const foreign = await session.refresh(session.first, { form: { client_id: 'other-phone' } });
    expect(verdict(foreign)).toBe('400 invalid_grant client_mismatch');
    await session.rotate(session.first);
    const bearer = await service.bearer();
    const other = await bearer.refresh(bearer.first, { form: { client_id: 'grace-bearer' } });
    expect(verdict(other)).toBe('400 invalid_grant');
    await bearer.rotate(bearer.first);
  });

  it('a scope beyond the grant is invalid_scope; a narrower one is granted and narrows nothing', async () => {
    const session = await service.phone();
    const wider = await session.refresh(session.first, { form: { scope: 'profile admin' } });
    expect(verdict(wider)).toBe('400 invalid_scope');
    const narrower = await session.refresh(session.first, { form: { scope: 'profile' } });
    expect(narrower.body).toMatchObject({ scope: 'profile' });
    const full = await session.refresh(String(narrower.body['refresh_token']));
    expect(full.body).toMatchObject({ scope: 'offline_access profile' });
  });
});

describe('rows 11 and 12: the latest token rotates; its predecessor gets the same until that is used', () => {
  it('40 times over, each with an access token of its own', async () => {
    const session = await service.phone();
    const next = await session.rotate(session.first);
    const seen = new Set<unknown>();
    for (let time = 0; time < 40; time += 1) {
      const answer = await session.refresh(session.first);
      expect(answer.body['refresh_token']).toBe(next);
      seen.add(answer.body['access_token']);
    }
    expect(seen.size).toBe(40);
    const history = await service.history(session);
    expect(history.slice(0, 2)).toEqual(['started', 'refresh-rotated']);
    expect(history.slice(2)).toEqual(Array(16).fill('rotation-retried'));
    const last = await session.rotate(next);
    expect(new Set([session.first, next, last]).size).toBe(3);
  });

  it('a copied retry is refused past the 16 that events remember', async () => {
    const session = await service.phone();
    await session.rotate(session.first);
    for (let time = 0; time < 20; time += 1) await session.rotate(session.first);
    const copied = session.caller.network.posts.at(-1);
    if (copied === undefined) throw new Error('nothing was sent');
    expect(verdict(await replay(copied))).toBe('400 invalid_dpop_proof');
  });

  it('with the same attempt it is the own lost answer', async () => {
    const session = await service.phone();
    const attempt = newId();
    const next = await session.rotate(session.first, { attempt });
    expect(await session.rotate(session.first, { attempt })).toBe(next);
    expect(await service.history(session)).toEqual(['started', 'refresh-rotated', 'rotation-retried']);
  });

  it.each([
    ['another attempt', newId()],
    ['none', undefined],
  ])(
    'with %s: a challenge where the nonce is older than the rotation, then the same token and an alarm',
    async (_, attempt) => {
      const session = await service.phone();
      const nonce = await session.caller.freshNonce();
      const next = await session.rotate(session.first, { attempt: newId() });
      const old = await session.refresh(session.first, { attempt, claims: { nonce } });
      expect(verdict(old)).toBe('400 use_dpop_nonce');
      expect(await session.rotate(session.first, { attempt })).toBe(next);
      const told = ['started', 'refresh-rotated', 'rotation-retried', 'reuse-detected(forked)'];
      expect(await service.history(session)).toEqual(told);
    },
  );

  it('a session that never used attempts misses none', async () => {
    const session = await service.phone();
    const next = await session.rotate(session.first);
    expect(await session.rotate(session.first)).toBe(next);
    expect(await service.history(session)).toEqual(['started', 'refresh-rotated', 'rotation-retried']);
  });
});

describe('row 13: an older token is challenged if its nonce is old, then refused as stale', () => {
  it('and the session goes on', async () => {
    const { session, nonce, latest } = await twiceRotated('phone');
    const old = await session.refresh(session.first, { claims: { nonce } });
    expect(verdict(old)).toBe('400 use_dpop_nonce');
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant stale_token');
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant stale_token');
    await session.rotate(latest);
    const told = [
      'started',
      'refresh-rotated',
      'refresh-rotated',
      'stale-token-presented',
      'refresh-rotated',
    ];
    expect(await service.history(session)).toEqual(told);
  });

  it('and ends the session of a client registered so', async () => {
    const { session, latest } = await twiceRotated('stale-ends');
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant stale_token');
    expect(verdict(await session.refresh(latest))).toBe('400 invalid_grant revoked');
  });
});

describe('row 14: a bearer token is good once', () => {
  it('its second use ends the session, the predecessor as well as older ones', async () => {
    const previous = await service.bearer();
    const next = await previous.rotate(previous.first);
    expect(verdict(await previous.refresh(previous.first))).toBe('400 invalid_grant');
    expect(verdict(await previous.refresh(next))).toBe('400 invalid_grant');
    const older = await service.bearer();
    const latest = await older.rotate(await older.rotate(older.first));
    expect(verdict(await older.refresh(older.first))).toBe('400 invalid_grant');
    expect(verdict(await older.refresh(latest))).toBe('400 invalid_grant');
    const told = ['started', 'refresh-rotated', 'refresh-rotated', 'reuse-detected(superseded)'];
    expect(await service.history(older)).toEqual(told);
  });

  it('within its grace it gets the same token again', async () => {
    const session = await service.bearer('grace-bearer');
    const next = await session.rotate(session.first);
    expect(await session.rotate(session.first)).toBe(next);
    await session.rotate(await session.rotate(next));
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant');
    expect(verdict(await session.refresh(next))).toBe('400 invalid_grant');
  });

  it('a proof sent with it is checked, and binds the access token', async () => {
    const session = await service.bearer();
    const key = await newDeviceKey();
    const wrong = await session.refresh(session.first, { key, claims: { ath: tokenHash('another') } });
    expect(verdict(wrong)).toBe('400 invalid_dpop_proof');
    expect((await session.refresh(session.first, { key })).body).toMatchObject({ token_type: 'DPoP' });
  });
});

let shared: Promise<SignedIn> | undefined;

/** One session for the tests that must leave it as it is. */
function sharedPhone(): Promise<SignedIn> {
  shared ??= service.phone();
  return shared;
}

async function twiceRotated(clientId: string): Promise<{ session: SignedIn; nonce: string; latest: string }> {
  const session = await service.phone(clientId);
  const nonce = await session.caller.freshNonce();
  const latest = await session.rotate(await session.rotate(session.first));
  return { session, nonce, latest };
}
