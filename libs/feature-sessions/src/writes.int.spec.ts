// What a signed-in person may do by /v1, and when they must sign in again first. The buses are doubles.
import { EngineError } from '@sallyport/engine';
import { LedgerError } from '@sallyport/feature-ledger';
import { MemoryViewStore } from '@sallyport/testing';
import { alice, ExampleApp, nowMs } from './spec-examples.js';

const app = new ExampleApp(new MemoryViewStore());
const stale = { kind: 'principal', principal: { ...alice, authTimeMs: nowMs - 301_000 } } as const;
const actor = { kind: 'user', id: 'alice' };
const ordered = { actor, correlationId: expect.any(String), sessionId: 's1' };

beforeAll(() => app.start());
beforeEach(() => app.reset());
afterAll(() => app.stop());

describe('writes', () => {
  const cases = [
    [
      'DELETE',
      '/v1/sessions/s2',
      { command: 'RevokeSession', sessionId: 's2', ofAccount: 'alice', cause: 'user' },
    ],
    [
      'DELETE',
      '/v1/sessions?scope=others',
      { command: 'RevokeAllSessions', accountId: 'alice', except: 's1' },
    ],
    ['DELETE', '/v1/sessions?scope=all', { command: 'RevokeAllSessions', accountId: 'alice' }],
    [
      'DELETE',
      '/v1/devices/d1',
      { command: 'RevokeDevice', accountId: 'alice', deviceId: 'd1', cause: 'user' },
    ],
    [
      'POST',
      '/v1/devices/d2/lost',
      { command: 'RevokeDevice', accountId: 'alice', deviceId: 'd2', cause: 'lost' },
    ],
  ] as const;

  it.each(cases)('%s %s orders one command and tells where the write stands', async (method, url, input) => {
    const answer = await app.send(method, url);
    expect([answer.status, answer.headers['sallyport-position'], answer.text]).toEqual([204, '42', '']);
    expect(app.commands.seen).toEqual([{ input, ordered }]);
  });

  it.each([
    ...cases.map(([method, url]) => [method, url] as const),
    ['POST', '/v1/account/erasure'] as const,
  ])('%s %s wants a sign-in within 300 seconds, in the words of RFC 9470', async (method, url) => {
    app.queries.answer = stale;
    const answer = await app.send(method, url);
    expect([answer.status, answer.headers['www-authenticate'], answer.headers['dpop-nonce']]).toEqual([
      401,
      'DPoP error="insufficient_user_authentication", ' +
        'error_description="This needs a sign-in within the last 300 seconds. Sign in again.", max_age="300"',
      'fresh-nonce',
    ]);
    expect(app.commands.seen).toEqual([]);
  });

  it('ending the session that asks needs no recent sign-in', async () => {
    app.queries.answer = stale;
    expect((await app.send('DELETE', '/v1/sessions/s1')).status).toBe(204);
    expect(app.commands.seen).toHaveLength(1);
  });

  it("somebody else's session or device is answered like an unknown one", async () => {
    app.commands.refusal = new LedgerError('session_unknown');
    const foreign = await app.send('DELETE', '/v1/sessions/s9');
    const malformed = await app.send('DELETE', '/v1/sessions/not%20an%20id');
    expect([foreign.status, foreign.text]).toEqual([404, malformed.text]);
    app.commands.refusal = new LedgerError('device_unknown');
    expect((await app.send('DELETE', '/v1/devices/d9')).status).toBe(404);
    expect(app.commands.seen).toHaveLength(2);
  });

  it('without a scope ends nothing', async () => {
    for (const url of ['/v1/sessions', '/v1/sessions?scope=', '/v1/sessions?scope=all&scope=others']) {
      expect((await app.send('DELETE', url)).status).toBe(400);
    }
    expect(app.commands.seen).toEqual([]);
  });

  it('erasure says that it is done, and where', async () => {
    const answer = await app.send('POST', '/v1/account/erasure');
    expect([answer.status, answer.body]).toEqual([200, { erased: true, position: '42' }]);
    expect(answer.headers['sallyport-position']).toBe('42');
    expect(app.commands.seen).toEqual([{ input: { command: 'EraseAccount', accountId: 'alice' }, ordered }]);
  });

  it('a store that is away is not a verdict', async () => {
    app.commands.refusal = new EngineError('store_unavailable');
    const answer = await app.send('DELETE', '/v1/sessions?scope=all');
    expect(answer.body.code).toContain('store_unavailable');
  });
});

describe('POST /v1/password', () => {
  const passwords = { currentPassword: 'the old password', newPassword: 'the new password' };

  it('orders the change and spares the session that asks', async () => {
    const answer = await app.send('POST', '/v1/password', { payload: { ...passwords, accountId: 'bob' } });
    expect([answer.status, answer.headers['sallyport-position']]).toEqual([204, '42']);
    const input = { command: 'ChangePassword', accountId: 'alice', except: 's1', ...passwords };
    expect(app.commands.seen).toEqual([{ input, ordered }]);
  });

  it.each([
    [{}, ['currentPassword', 'newPassword']],
    [{ ...passwords, newPassword: 12345678901234 }, ['newPassword']],
    [{ ...passwords, currentPassword: '' }, ['currentPassword']],
    [{ ...passwords, newPassword: 'secret'.repeat(200) }, ['newPassword']],
    [['secret'], ['currentPassword', 'newPassword']],
  ])('names the fields that are wrong, and never a value (%#)', async (payload, fields) => {
    const answer = await app.send('POST', '/v1/password', { payload });
    expect([answer.status, answer.body.fields.map(({ field }: { field: string }) => field)]).toEqual([
      400,
      fields,
    ]);
    expect(answer.text).not.toMatch(/secret|the (old|new) password|1234/);
    expect(app.commands.seen).toEqual([]);
  });

  it('wants a recent sign-in', async () => {
    app.queries.answer = stale;
    expect((await app.send('POST', '/v1/password', { payload: passwords })).status).toBe(401);
    expect(app.commands.seen).toEqual([]);
  });
});
