// What /v1 answers a signed-in person. Doubles, labelled so: the buses, the proofs' nonce and the error filter.
import { Catch, Global, Module } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { openAccount } from '@sallyport/core-session';
import type { AccountState, SessionState } from '@sallyport/core-session';
import { Clock, EngineError, ViewStore } from '@sallyport/engine';
import type { JsonObject } from '@sallyport/engine';
import * as ledger from '@sallyport/feature-ledger';
import { MemoryViewStore } from '@sallyport/testing';
import { PersonalKeys, TokenError } from '@sallyport/tokens';
import type { FastifyReply } from 'fastify';
import { AccountController } from './account.controller.js';
import { SignedIn } from './caller.js';
import { DevicesController } from './devices.controller.js';
import { SessionViews } from './session-views.js';
import { SessionsController } from './sessions.controller.js';
import { ViewProgress } from './view-progress.js';
import { ViewWait } from './view-wait.js';

const nowMs = Date.parse('2026-11-22T12:00:00.000Z');
const iso = (secondsAgo: number): string => new Date(nowMs - secondsAgo * 1000).toISOString();
const alice: ledger.Principal = {
  accountId: 'alice',
  sessionId: 's1',
  deviceId: 'd1',
  clientId: 'phone',
  scope: ['offline_access'],
  authTimeMs: nowMs - 60_000,
  acr: 'password',
  amr: ['pwd'],
};

/** Bus double: notes commands and answers them with a position, or as told. */
class Commands {
  readonly seen: { readonly input: unknown; readonly ordered: unknown }[] = [];
  refusal: Error | undefined;
  execute(command: { input: object; ordered: object }): Promise<ledger.Written> {
    this.seen.push({ ...command, input: { kind: command.constructor.name, ...command.input } });
    return this.refusal === undefined ? Promise.resolve({ position: '42' }) : Promise.reject(this.refusal);
  }
}

/** Bus double: who asks is what the test says. */
class Queries {
  readonly seen: ledger.AuthenticateAccess[] = [];
  answer: Awaited<ReturnType<typeof this.execute>> = { kind: 'principal', principal: alice };
  execute(
    query: ledger.AuthenticateAccess,
  ): Promise<{ kind: 'principal'; principal: ledger.Principal } | ledger.AccessFailure> {
    this.seen.push(query);
    return Promise.resolve(this.answer);
  }
}

/** Double: what was sealed for an account opens while the account has a key. */
class Keys {
  readonly erased = new Set<string>();
  open(accountId: string, _place: object, sealed: string): Promise<JsonObject | undefined> {
    if (this.erased.has(accountId)) return Promise.resolve(undefined);
    if (sealed === 'altered') return Promise.reject(new TokenError('personal_altered'));
    return Promise.resolve(JSON.parse(sealed) as JsonObject);
  }
}

/** Double: the view stands where the test says. */
class Progress extends ViewProgress {
  at: string | null = '10';
  readonly waits: unknown[] = [];
  position(): string | null {
    return this.at;
  }
  waitFor(position: string, budgetMs: number): Promise<boolean> {
    this.waits.push([position, budgetMs]);
    return Promise.resolve(Number(this.at) >= Number(position));
  }
  lag(): Promise<{ events: number; seconds: number }> {
    return Promise.resolve({ events: 0, seconds: 0 });
  }
}

/** Double of the app's filter: enough of it to see what the controllers throw. */
@Catch()
class Filter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const parts = error instanceof ledger.ProblemError ? error.parts : { status: 500, code: String(error), title: '' };
    const refused = error instanceof ledger.LedgerError ? { ...parts, status: 404, code: error.code } : parts;
    const { status, headers = {}, members = {}, ...rest } = refused;
    void reply.code(status).headers(headers).send({ ...rest, ...members });
  }
}

const commands = new Commands();
const queries = new Queries();
const keys = new Keys();
const progress = new Progress();
const views = new MemoryViewStore();
const settings = { issuer: 'https://id.example', freshSeconds: 300 };
const doubles = [
  { provide: CommandBus, useValue: commands },
  { provide: QueryBus, useValue: queries },
  { provide: PersonalKeys, useValue: keys },
  { provide: ViewProgress, useValue: progress },
  { provide: ViewStore, useValue: views },
  { provide: Clock, useValue: { now: () => nowMs } },
  { provide: ledger.ServiceSettings, useValue: settings },
  { provide: ledger.RequestProofs, useValue: { freshNonce: () => 'fresh-nonce' } },
];

@Global()
@Module({ providers: doubles, exports: doubles.map(({ provide }) => provide) })
class Doubles {}

let app: NestFastifyApplication;
let base: string;

beforeAll(async () => {
  const module = await Test.createTestingModule({
    imports: [Doubles],
    controllers: [AccountController, DevicesController, SessionsController],
    providers: [SessionViews, SignedIn, ViewWait],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  app.useGlobalFilters(new Filter());
  await app.listen(0, '127.0.0.1');
  base = await app.getUrl();
  await fillViews();
});

afterAll(() => app.close());

beforeEach(() => {
  commands.seen.length = 0;
  commands.refusal = undefined;
  queries.seen.length = 0;
  queries.answer = { kind: 'principal', principal: alice };
  keys.erased.clear();
  progress.waits.length = 0;
});

function session(id: string, change: Partial<SessionState>, secondsAgo = 10): Parameters<typeof row>[0] {
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
    startedAt: iso(100),
    authTime: iso(101),
    rotatedAt: iso(secondsAgo),
    idleExpiresAt: iso(-1000),
    expiresAt: iso(-2000),
    acr: 'password',
    amr: ['pwd'],
    proofs: ['never-shown'],
    network: { country: 'CH', asn: 1, kind: 'mobile', ipTag: 'never-shown' },
    ...change,
  };
  const personal = { stream: `session-${id}`, eventId: 'e', sealed: JSON.stringify({ ip: '192.0.2.1', userAgent: 'App/1' }) };
  return ['session', id, state.accountId, { state, lastActiveAt: iso(secondsAgo), personal }];
}

function row([view, key, owner, body]: [string, string, string, object]) {
  return { view, key, row: { key, owner, body: JSON.parse(JSON.stringify(body)) as JsonObject } };
}

async function fillViews(): Promise<void> {
  const { events } = openAccount(undefined, { nowMs, nameHash: 'n', credential: 'c' });
  const opened = (events[0] as { data: { state: AccountState } }).data.state;
  const devices = [{ id: 'd1', jkt: 'k1', clientId: 'phone', linkedAt: iso(90) }];
  const state: AccountState = { ...opened, devices, ends: { revision: 1, fact: 'log_out_everywhere' } };
  const device = { clientId: 'phone', jkt: 'k1', linkedAt: iso(90), status: 'linked' };
  const personal = { stream: 'account-alice', eventId: 'e', sealed: 'altered' };
  const changes = [
    row(session('s1', { deviceId: 'd1', jkt: 'k1', flags: ['wrong_key'] })),
    row(session('s2', { deviceId: 'd2', jkt: 'k2' }, 5)),
    row(session('s3', { marker: { account: 0, cutoffs: -1 } }, 2)),
    row(session('s4', {}, 50)),
    row(session('s9', { accountId: 'bob' })),
    row(['account', 'alice', 'alice', { revision: 2, state }]),
    row(['device', 'd1', 'alice', { ...device, personal }]),
    row(['device', 'd2', 'alice', { ...device, jkt: 'k2', status: 'lost', revokedAt: iso(20), revokedFor: 'lost' }]),
    row(['device', 'd9', 'bob', device]),
  ];
  await views.commit({ projection: 'sessions', generation: 1, from: null, to: '10', changes });
}

type Method = 'GET' | 'POST' | 'DELETE';
interface Sent {
  readonly headers?: Record<string, string>;
  readonly payload?: object;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  json(): ReturnType<typeof JSON.parse>;
}

async function send(method: Method, path: string, sent: Sent = {}): Promise<Answer> {
  const { headers = { authorization: 'DPoP token', dpop: 'proof' }, payload } = sent;
  const content: Record<string, string> = payload === undefined ? {} : { 'content-type': 'application/json' };
  const init = { method, headers: { ...headers, ...content }, body: JSON.stringify(payload) };
  const answer = await fetch(base + path, init);
  const body = await answer.text();
  return { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body, json: () => JSON.parse(body) };
}

const stale = { kind: 'principal', principal: { ...alice, authTimeMs: nowMs - 301_000 } } as const;
const ordered = { actor: { kind: 'user', id: 'alice' }, correlationId: expect.any(String) };

describe('who asks', () => {
  it('is checked with the method and the URL without its query', async () => {
    await send('GET', '/v1/sessions?after=1');
    expect(queries.seen).toEqual([
      {
        authorization: 'DPoP token',
        proof: { dpop: 'proof', method: 'GET', url: 'https://id.example/v1/sessions' },
      },
    ]);
  });

  it('gets a fresh nonce with every answer, good or bad, and no answer is kept by caches', async () => {
    for (const answer of [await send('GET', '/v1/sessions'), await send('DELETE', '/v1/sessions')]) {
      expect(answer.headers).toMatchObject({ 'dpop-nonce': 'fresh-nonce', 'cache-control': 'no-store' });
    }
    const bearer = await send('GET', '/v1/sessions', { headers: { authorization: 'Bearer token' } });
    expect(bearer.headers['dpop-nonce']).toBeUndefined();
  });

  it.each([
    ['missing', 'DPoP', 401, 'DPoP algs="ES256 EdDSA Ed25519"'],
    ['use_dpop_nonce', 'DPoP', 401, 'DPoP error="use_dpop_nonce", error_description="Why.", algs="ES256 EdDSA Ed25519"'],
    ['invalid_token', 'Bearer', 401, 'Bearer error="invalid_token", error_description="Why."'],
    ['invalid_request', 'Bearer', 400, 'Bearer error="invalid_request", error_description="Why."'],
  ] as const)('is challenged when the query says %s', async (error, scheme, status, challenge) => {
    queries.answer = { kind: 'failure', error, scheme, description: 'Why.' };
    const answer = await send('DELETE', '/v1/sessions?scope=all');
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([status, challenge]);
    expect(commands.seen).toEqual([]);
  });
});

describe('GET /v1/sessions', () => {
  it('shows the caller\'s own, active ones first, with their standing now', async () => {
    const answer = (await send('GET', '/v1/sessions')).json();
    expect(answer.sessions.map(({ id, standing }: { id: string; standing: object }) => [id, standing])).toEqual([
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
      startedAt: iso(100),
      lastActiveAt: iso(10),
      authTime: iso(101),
      idleExpiresAt: iso(-1000),
      expiresAt: iso(-2000),
      standing: { status: 'active' },
      flags: ['wrong_key'],
      network: { country: 'CH' },
      ip: '192.0.2.1',
      userAgent: 'App/1',
    });
    expect(answer.sessions.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
    expect(JSON.stringify(answer)).not.toContain('never-shown');
  });

  it('shows nothing personal once the account\'s key is gone', async () => {
    keys.erased.add('alice');
    const [first] = (await send('GET', '/v1/sessions')).json().sessions;
    expect(Object.keys(first)).not.toEqual(expect.arrayContaining(['ip']));
    expect(JSON.stringify(first)).not.toContain('192.0.2.1');
  });

  it('waits two seconds at most for the position it is to show, and says when it gave up', async () => {
    const shown = (await send('GET', '/v1/sessions?after=10')).json();
    expect([shown.position, shown.behind]).toEqual(['10', undefined]);
    const late = await send('GET', '/v1/sessions?after=11');
    expect([late.statusCode, late.json().position, late.json().behind]).toEqual([200, '10', true]);
    expect(progress.waits).toEqual([
      ['10', 2000],
      ['11', 2000],
    ]);
  });

  it.each(['', 'x', '-1', '01', '1.5', '1e3', '123456789012345678901', '1&after=2'])('refuses after=%s', async (after) => {
    const answer = await send('GET', `/v1/sessions?after=${after}`);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'bad_request']);
  });
});

describe('GET /v1/devices', () => {
  it('shows the caller\'s own, linked ones first, without what does not open', async () => {
    const answer = (await send('GET', '/v1/devices?after=3')).json();
    expect(answer).toEqual({
      devices: [
        { id: 'd1', current: true, client: 'phone', linkedAt: iso(90), lastActiveAt: iso(10), status: 'linked' },
        {
          id: 'd2',
          current: false,
          client: 'phone',
          linkedAt: iso(90),
          lastActiveAt: iso(5),
          status: 'lost',
          revokedAt: iso(20),
          revokedFor: 'lost',
        },
      ],
      position: '10',
    });
  });
});

describe('writes', () => {
  const cases = [
    ['DELETE', '/v1/sessions/s2', { kind: 'RevokeSession', sessionId: 's2', ofAccount: 'alice', cause: 'user' }],
    ['DELETE', '/v1/sessions?scope=others', { kind: 'RevokeAllSessions', accountId: 'alice', except: 's1' }],
    ['DELETE', '/v1/sessions?scope=all', { kind: 'RevokeAllSessions', accountId: 'alice' }],
    ['DELETE', '/v1/devices/d1', { kind: 'RevokeDevice', accountId: 'alice', deviceId: 'd1', cause: 'user' }],
    ['POST', '/v1/devices/d2/lost', { kind: 'RevokeDevice', accountId: 'alice', deviceId: 'd2', cause: 'lost' }],
  ] as const;

  it.each(cases)('%s %s orders one command and tells where the write stands', async (method, url, input) => {
    const answer = await send(method, url);
    expect([answer.statusCode, answer.headers['sallyport-position'], answer.body]).toEqual([204, '42', '']);
    expect(commands.seen).toEqual([{ input, ordered }]);
  });

  it.each([...cases.map(([method, url]) => [method, url] as const), ['POST', '/v1/account/erasure'] as const])(
    '%s %s wants a sign-in within 300 seconds, in the words of RFC 9470',
    async (method, url) => {
      queries.answer = stale;
      const answer = await send(method, url);
      expect([answer.statusCode, answer.headers['www-authenticate'], answer.headers['dpop-nonce']]).toEqual([
        401,
        'DPoP error="insufficient_user_authentication", ' +
          'error_description="This needs a sign-in within the last 300 seconds. Sign in again.", max_age="300"',
        'fresh-nonce',
      ]);
      expect(commands.seen).toEqual([]);
    },
  );

  it('ending the session that asks needs no recent sign-in', async () => {
    queries.answer = stale;
    expect((await send('DELETE', '/v1/sessions/s1')).statusCode).toBe(204);
    expect(commands.seen).toHaveLength(1);
  });

  it('somebody else\'s session or device is answered like an unknown one', async () => {
    commands.refusal = new ledger.LedgerError('session_unknown');
    const foreign = await send('DELETE', '/v1/sessions/s9');
    const malformed = await send('DELETE', '/v1/sessions/not%20an%20id');
    expect([foreign.statusCode, foreign.body]).toEqual([404, malformed.body]);
    commands.refusal = new ledger.LedgerError('device_unknown');
    expect((await send('DELETE', '/v1/devices/d9')).statusCode).toBe(404);
    expect(commands.seen).toHaveLength(2);
  });

  it('without a scope ends nothing', async () => {
    for (const url of ['/v1/sessions', '/v1/sessions?scope=', '/v1/sessions?scope=all&scope=others']) {
      expect((await send('DELETE', url)).statusCode).toBe(400);
    }
    expect(commands.seen).toEqual([]);
  });

  it('erasure says that it is done, and where', async () => {
    const answer = await send('POST', '/v1/account/erasure');
    expect([answer.statusCode, answer.json()]).toEqual([200, { erased: true, position: '42' }]);
    expect(answer.headers['sallyport-position']).toBe('42');
    expect(commands.seen).toEqual([{ input: { kind: 'EraseAccount', accountId: 'alice' }, ordered }]);
  });

  it('a store that is away is not a verdict', async () => {
    commands.refusal = new EngineError('store_unavailable');
    const answer = await send('DELETE', '/v1/sessions?scope=all');
    expect(answer.json().code).toContain('store_unavailable');
  });
});

describe('POST /v1/password', () => {
  const passwords = { currentPassword: 'the old password', newPassword: 'the new password' };

  it('orders the change and spares the session that asks', async () => {
    const answer = await send('POST', '/v1/password', { payload: { ...passwords, accountId: 'bob' } });
    expect([answer.statusCode, answer.headers['sallyport-position']]).toEqual([204, '42']);
    const input = { kind: 'ChangePassword', accountId: 'alice', except: 's1', ...passwords };
    expect(commands.seen).toEqual([{ input, ordered }]);
  });

  it.each([
    [{}, ['currentPassword', 'newPassword']],
    [{ ...passwords, newPassword: 12345678901234 }, ['newPassword']],
    [{ ...passwords, currentPassword: '' }, ['currentPassword']],
    [{ ...passwords, newPassword: 'secret'.repeat(200) }, ['newPassword']],
    [['secret'], ['currentPassword', 'newPassword']],
  ])('names the fields that are wrong, and never a value (%#)', async (payload, fields) => {
    const answer = await send('POST', '/v1/password', { payload });
    expect([answer.statusCode, answer.json().fields.map(({ field }: { field: string }) => field)]).toEqual([400, fields]);
    expect(answer.body).not.toMatch(/secret|the (old|new) password|1234/);
    expect(commands.seen).toEqual([]);
  });

  it('wants a recent sign-in', async () => {
    queries.answer = stale;
    expect((await send('POST', '/v1/password', { payload: passwords })).statusCode).toBe(401);
    expect(commands.seen).toEqual([]);
  });
});
