// What /v1 shows a signed-in person, and whom it lets in. Everything behind the controllers is a double.
import { openAccount } from '@sallyport/core-session';
import type { AccountState, SessionState, TravelNotice } from '@sallyport/core-session';
import type { JsonObject, ViewCommit } from '@sallyport/engine';
import { MemoryViewStore } from '@sallyport/testing';
import { ago, ExampleApp, nowMs } from './spec-examples.js';

const views = new MemoryViewStore();
const app = new ExampleApp(views);

beforeAll(async () => {
  await app.start();
  await fillViews();
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

type Change = ViewCommit['changes'][number];

/** Alice's, started at revision 1 of her account, last active so long ago. */
function session(id: string, change: Partial<SessionState>, secondsAgo = 10): Change {
  const state: SessionState = {
    v: 1,
    status: 'active',
    accountId: 'alice',
    clientId: 'phone',
    scope: 'offline_access',
    generation: 3,
    keyId: 'r1',
    fingerprint: 'never-shown',
    marker: { account: 1, cutoffs: -1 },
    startedAt: ago(100),
    authTime: ago(101),
    rotatedAt: ago(secondsAgo),
    idleExpiresAt: ago(-1000),
    expiresAt: ago(-2000),
    acr: 'password',
    amr: ['pwd'],
    proofs: ['never-shown'],
    network: { country: 'CH', asn: 1, kind: 'mobile', ipTag: 'never-shown' },
    ...change,
  };
  const personal = {
    stream: `session-${id}`,
    eventId: 'e',
    sealed: JSON.stringify({ ip: '192.0.2.1', userAgent: 'App/1' }),
  };
  return row(['session', id, state.accountId, { state, lastActiveAt: ago(secondsAgo), personal }]);
}

function row([view, key, owner, body]: [string, string, string, object]): Change {
  return { view, key, row: { key, owner, body: JSON.parse(JSON.stringify(body)) as JsonObject } };
}

/** A journey to Italy that ends so long ago. */
function notice(id: string, endedSecondsAgo: number, filedBySession = 's2'): TravelNotice {
  const times = { from: ago(60), until: ago(endedSecondsAgo), filedAt: ago(60) };
  return { id, ...times, countries: ['IT'], filedBySession, filedByDevice: 'never-shown' };
}

async function fillViews(): Promise<void> {
  const { events } = openAccount(undefined, { nowMs, nameHash: 'n', credential: 'c' });
  const opened = (events[0] as { data: { state: AccountState } }).data.state;
  const devices = [{ id: 'd1', jkt: 'k1', clientId: 'phone', linkedAt: ago(90) }];
  const ends = { revision: 1, fact: 'log_out_everywhere' } as const;
  const holds = [
    { id: 'h1', sessionId: 's1', deviceId: 'd1', reason: 'never-shown', rule: 'never-shown', revision: 2 },
    { id: 'h2', reason: 'never-shown', revision: 3 },
  ];
  const trustedDevices = [{ deviceId: 'd1', bySession: 'never-shown', byDevice: 'd2' }];
  const travel = [notice('n1', -50), notice('n2', 0), notice('n3', -70, 's1')];
  const state: AccountState = { ...opened, devices, ends, holds, trustedDevices, travel };
  const device = { clientId: 'phone', jkt: 'k1', linkedAt: ago(90), status: 'linked' };
  const personal = { stream: 'account-alice', eventId: 'e', sealed: 'altered' };
  const changes = [
    session('s1', { deviceId: 'd1', jkt: 'k1', flags: ['wrong_key'] }),
    session('s2', { deviceId: 'd2', jkt: 'k2' }, 5),
    session('s3', { marker: { account: 0, cutoffs: -1 } }, 2),
    session('s4', {}, 50),
    session('s9', { accountId: 'bob' }),
    row(['account', 'alice', 'alice', { revision: 2, state }]),
    row(['device', 'd1', 'alice', { ...device, personal }]),
    row([
      'device',
      'd2',
      'alice',
      { ...device, jkt: 'k2', status: 'lost', revokedAt: ago(20), revokedFor: 'lost' },
    ]),
    row(['device', 'd9', 'bob', device]),
  ];
  await views.commit({ projection: 'sessions', generation: 1, from: null, to: '10', changes });
}

describe('who asks', () => {
  it('is checked with the method and the URL without its query', async () => {
    await app.send('GET', '/v1/sessions?after=1');
    expect(app.queries.seen).toEqual([
      {
        authorization: 'DPoP token',
        proof: { dpop: 'proof', method: 'GET', url: 'https://id.example/v1/sessions' },
      },
    ]);
  });

  it('gets a fresh nonce with every answer, good or bad, and no answer is kept by caches', async () => {
    for (const answer of [await app.send('GET', '/v1/sessions'), await app.send('DELETE', '/v1/sessions')]) {
      expect(answer.headers).toMatchObject({ 'dpop-nonce': 'fresh-nonce', 'cache-control': 'no-store' });
    }
    const bearer = await app.send('GET', '/v1/sessions', { headers: { authorization: 'Bearer token' } });
    expect(bearer.headers['dpop-nonce']).toBeUndefined();
  });

  const why = 'error_description="Why."';
  const algs = 'algs="ES256 EdDSA Ed25519"';
  it.each([
    { error: 'missing', status: 401, challenge: `DPoP ${algs}` },
    { error: 'use_dpop_nonce', status: 401, challenge: `DPoP error="use_dpop_nonce", ${why}, ${algs}` },
    { error: 'invalid_token', status: 401, challenge: `Bearer error="invalid_token", ${why}` },
    { error: 'invalid_request', status: 400, challenge: `Bearer error="invalid_request", ${why}` },
  ] as const)('is challenged when the query says $error', async ({ error, status, challenge }) => {
    const scheme = challenge.startsWith('DPoP') ? 'DPoP' : 'Bearer';
    app.queries.answer = { kind: 'failure', error, scheme, description: 'Why.' };
    const answer = await app.send('DELETE', '/v1/sessions?scope=all');
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([status, challenge]);
    expect(app.commands.seen).toEqual([]);
  });
});

describe('GET /v1/sessions', () => {
  it("shows the caller's own, active ones first, with their standing now", async () => {
    const answer = (await app.send('GET', '/v1/sessions')).body;
    expect(
      answer.sessions.map(({ id, standing }: { id: string; standing: object }) => [id, standing]),
    ).toEqual([
      ['s1', { status: 'active' }],
      ['s4', { status: 'active' }],
      ['s3', { status: 'ended', reason: 'revoked' }],
      ['s2', { status: 'ended', reason: 'device_revoked' }],
    ]);
    expect(answer.sessions[0]).toEqual({
      id: 's1',
      current: true,
      client: 'phone',
      scope: 'offline_access',
      deviceId: 'd1',
      startedAt: ago(100),
      lastActiveAt: ago(10),
      authTime: ago(101),
      idleExpiresAt: ago(-1000),
      expiresAt: ago(-2000),
      standing: { status: 'active' },
      flags: ['wrong_key'],
      holds: [
        { id: 'h1', scope: 'session', stepUp: true },
        { id: 'h2', scope: 'account', stepUp: false },
      ],
      network: { country: 'CH' },
      ip: '192.0.2.1',
      userAgent: 'App/1',
    });
    const held = answer.sessions.map(({ holds }: { holds: { id: string }[] }) => holds.map(({ id }) => id));
    expect(held).toEqual([['h1', 'h2'], ['h2'], [], []]);
    expect(answer.sessions.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
    expect(JSON.stringify(answer)).not.toContain('never-shown');
  });

  it("shows nothing personal once the account's key is gone", async () => {
    app.keys.erased.add('alice');
    const [first] = (await app.send('GET', '/v1/sessions')).body.sessions;
    expect(Object.keys(first)).not.toEqual(expect.arrayContaining(['ip']));
    expect(JSON.stringify(first)).not.toContain('192.0.2.1');
  });

  it('waits two seconds at most for the position it is to show, and says when it gave up', async () => {
    const shown = (await app.send('GET', '/v1/sessions?after=10')).body;
    expect([shown.position, shown.behind]).toEqual(['10', undefined]);
    const late = await app.send('GET', '/v1/sessions?after=11');
    expect([late.status, late.body.position, late.body.behind]).toEqual([200, '10', true]);
    expect(app.progress.waits).toEqual([
      ['10', 2000],
      ['11', 2000],
    ]);
  });

  it.each(['', 'x', '-1', '01', '1.5', '1e3', '123456789012345678901', '1&after=2'])(
    'refuses after=%s',
    async (after) => {
      const answer = await app.send('GET', `/v1/sessions?after=${after}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'bad_request']);
    },
  );
});

describe('GET /v1/travel-notices', () => {
  it("shows the caller's own that are not over, and which of them this session filed", async () => {
    const answer = await app.send('GET', '/v1/travel-notices?after=10');
    const shown = { from: ago(60), filedAt: ago(60), countries: ['IT'] };
    expect(answer.body).toEqual({
      notices: [
        { id: 'n1', ...shown, until: ago(-50), current: false },
        { id: 'n3', ...shown, until: ago(-70), current: true },
      ],
      position: '10',
    });
  });
});

describe('GET /v1/devices', () => {
  it("shows the caller's own, linked ones first, without what does not open", async () => {
    const answer = (await app.send('GET', '/v1/devices?after=3')).body;
    expect(answer).toEqual({
      devices: [
        {
          id: 'd1',
          current: true,
          client: 'phone',
          linkedAt: ago(90),
          trusted: true,
          lastActiveAt: ago(10),
          status: 'linked',
        },
        {
          id: 'd2',
          current: false,
          client: 'phone',
          linkedAt: ago(90),
          trusted: false,
          lastActiveAt: ago(5),
          status: 'lost',
          revokedAt: ago(20),
          revokedFor: 'lost',
        },
      ],
      position: '10',
    });
  });
});
