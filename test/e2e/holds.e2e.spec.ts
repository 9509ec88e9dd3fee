// Holds, forced sign-in and travel notices over HTTP, by the person and by the operators' command.
import { spawnSync } from 'node:child_process';
import { signProof, tokenHash } from '../tools/client/index.js';
import type { Answer } from '../tools/client/index.js';
import { repositoryRoot } from '../tools/repository.js';
import { SignedIn, UnderTest, verdict } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
}, 60_000);
afterAll(() => service.stop());

type Json = Readonly<Record<string, unknown>>;
type Sent = { readonly method?: string; readonly body?: object };

/** A request to /v1 with the session's access token. */
async function call({ granted, caller }: SignedIn, path: string, sent: Sent = {}): Promise<Answer> {
  const { method = 'GET', body } = sent;
  const url = `${service.target.issuer}${path}`;
  const { key, accessToken } = granted;
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const text = body === undefined ? undefined : JSON.stringify(body);
  if (key === undefined) {
    const headers = { authorization: `Bearer ${accessToken}`, ...type };
    return caller.network.send(url, { method, headers, body: text });
  }
  const nonce = await caller.freshNonce();
  const proof = signProof(key, { htm: method, htu: url.split('?')[0], nonce, ath: tokenHash(accessToken) });
  const headers = { authorization: `DPoP ${accessToken}`, dpop: proof, ...type };
  return caller.network.send(url, { method, headers, body: text });
}

/** What the operators' command says, as JSON. */
function admin(...words: string[]): { readonly code: number | null; readonly answer: Json } {
  const { dataDir } = service.target;
  const all = ['apps/admin/admin.mjs', ...words, '--data-dir', dataDir, '--operator', 'eve', '--json'];
  const surroundings = { cwd: repositoryRoot(), env: { ...process.env, NODE_OPTIONS: '' } };
  const { status, stdout } = spawnSync(process.execPath, all, { ...surroundings, encoding: 'utf8' });
  return { code: status, answer: JSON.parse(stdout) as Json };
}

/** The holds that the session's own list shows on it, once it shows the position. */
async function holdsOn(session: SignedIn, position: unknown): Promise<unknown> {
  const { body } = await call(session, `/v1/sessions?after=${String(position)}`);
  const sessions = body['sessions'] as readonly { id: string; holds: { scope: string }[] }[];
  return sessions.find(({ id }) => id === session.ids.sid)?.holds.map(({ scope }) => scope);
}

describe('a hold by an operator', () => {
  it('on a session shows in its list until its device signs in anew; it can refresh', async () => {
    const person = await service.newPerson();
    const phone = await service.phone('phone', { person });
    const id = ['--id', person.accountId, '--reason', 'a call'];
    const held = admin('account', 'hold', ...id, '--session', phone.ids.sid);
    expect(held.code).toBe(0);
    expect(await holdsOn(phone, held.answer['position'])).toEqual(['session']);
    await phone.rotate(phone.first);
    const again = await service.phone('phone', { person, key: phone.granted.key });
    expect(await holdsOn(phone, again.caller.network.position)).toEqual([]);
    const events = await service.target.ledger.events(`account-${person.accountId}`);
    expect(events.map(({ type, actor }) => [type, actor.kind]).slice(-2)).toEqual([
      ['account.sensitive-actions-held', 'operator'],
      ['account.hold-released', 'user'],
    ]);
  });

  it('on the account outlives sign-ins, until it is released', async () => {
    const person = await service.newPerson();
    const phone = await service.phone('phone', { person });
    const id = ['--id', person.accountId, '--reason', 'a call'];
    expect(admin('account', 'hold', ...id).code).toBe(0);
    const again = await service.phone('phone', { person, key: phone.granted.key });
    expect(await holdsOn(again, again.caller.network.position)).toEqual(['account']);
    const { answer } = admin('account', 'show', '--id', person.accountId);
    expect(answer['holds']).toEqual([{ holdId: expect.any(String), reason: 'a call' }]);
    expect(admin('account', 'release', ...id, '--hold', 'no-such-hold').code).toBe(1);
    expect(admin('account', 'release', ...id, '--seen', '999999999').code).toBe(2);
    const released = admin('account', 'release', ...id);
    expect(await holdsOn(again, released.answer['position'])).toEqual([]);
    const [last] = (await service.target.ledger.events(`account-${person.accountId}`)).slice(-1);
    expect(last?.actor).toEqual({ kind: 'operator', id: 'eve' });
    expect(last?.data).toMatchObject({ cause: 'operator', reason: 'a call' });
  });
});

describe('a new sign-in that an operator requires', () => {
  it('ends every session with its own reason, and the next sign-in is good', async () => {
    const person = await service.newPerson();
    const phone = await service.phone('phone', { person });
    const bearer = await service.bearer('bearer', { person });
    expect(admin('account', 'reauthenticate', '--id', person.accountId, '--reason', 'a call').code).toBe(0);
    expect(verdict(await phone.refresh(phone.first))).toBe('400 invalid_grant reauthentication_required');
    expect(verdict(await bearer.refresh(bearer.first))).toBe('400 invalid_grant');
    const again = await service.phone('phone', { person, key: phone.granted.key });
    expect(verdict(await again.refresh(again.first))).toBe('tokens');
  });
});

describe('a travel notice', () => {
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString();

  it('is filed, shown and taken back, and the ledger knows by which session and device', async () => {
    const person = await service.newPerson();
    const phone = await service.phone('phone', { person });
    const body = { until, countries: ['IT'] };
    const filed = await call(phone, '/v1/travel-notices', { method: 'POST', body });
    expect(filed.status).toBe(201);
    const { id, position } = filed.body;
    const shown = await call(phone, `/v1/travel-notices?after=${String(position)}`);
    expect(shown.body['notices']).toMatchObject([{ id, until, countries: ['IT'], current: true }]);
    const [last] = (await service.target.ledger.events(`account-${person.accountId}`)).slice(-1);
    const by = { filedBySession: phone.ids.sid, filedByDevice: phone.ids.did };
    expect(last?.data['notice']).toMatchObject(by);
    const withdrawn = await call(phone, `/v1/travel-notices/${String(id)}`, { method: 'DELETE' });
    expect(withdrawn.status).toBe(204);
    const after = withdrawn.headers.get('sallyport-position');
    expect((await call(phone, `/v1/travel-notices?after=${after}`)).body['notices']).toEqual([]);
    expect((await call(phone, `/v1/travel-notices/${String(id)}`, { method: 'DELETE' })).status).toBe(404);
  });

  it('is refused without a key, out of bounds, and beyond five', async () => {
    const person = await service.newPerson();
    const file = (session: SignedIn, body: object) =>
      call(session, '/v1/travel-notices', { method: 'POST', body });
    const bearer = await service.bearer('bearer', { person });
    expect((await file(bearer, { until, countries: ['IT'] })).status).toBe(403);
    const phone = await service.phone('phone', { person });
    const years = new Date(Date.now() + 1000 * 86_400_000).toISOString();
    const long = await file(phone, { until: years, countries: ['IT'] });
    expect([long.status, long.body['type']]).toEqual([422, 'urn:sallyport:problem:travel_period_invalid']);
    for (let n = 0; n < 5; n += 1) expect((await file(phone, { until, countries: ['IT'] })).status).toBe(201);
    const sixth = await file(phone, { until, countries: ['IT'] });
    expect([sixth.status, sixth.body['type']]).toEqual([
      409,
      'urn:sallyport:problem:too_many_travel_notices',
    ]);
  });

  it('wants a fresh sign-in; trust in a device too, and shows in the list of devices', async () => {
    const person = await service.newPerson();
    const phone = await service.phone('phone', { person });
    const path = `/v1/devices/${phone.ids.did}/trust`;
    const trusted = await call(phone, path, { method: 'PUT' });
    expect(trusted.status).toBe(204);
    const devices = `/v1/devices?after=${trusted.headers.get('sallyport-position')}`;
    expect((await call(phone, devices)).body['devices']).toMatchObject([{ trusted: true }]);
    await service.target.operator.advanceClock(301);
    const { body: tokens } = await phone.refresh(phone.first);
    const accessToken = String(tokens['access_token']);
    const later = new SignedIn(phone.caller, person, { ...phone.granted, accessToken });
    const body = { until, countries: ['IT'] };
    for (const refused of [
      await call(later, '/v1/travel-notices', { method: 'POST', body }),
      await call(later, path, { method: 'DELETE' }),
    ]) {
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('max_age="300"');
    }
  });
});
