// What a person tells ahead by /v1, after strong authentication: journeys, trust. The buses are doubles.
import { LedgerError } from '@sallyport/feature-ledger';
import { MemoryViewStore } from '@sallyport/testing';
import { ago, alice, ExampleApp, nowMs } from './spec-examples.js';

const app = new ExampleApp(new MemoryViewStore());
const stale = { kind: 'principal', principal: { ...alice, authTimeMs: nowMs - 301_000 } } as const;
const { deviceId: _device, ...withoutKey } = alice;
const journey = { from: ago(-86_400), until: ago(-172_800), countries: ['IT', 'si'] };
const times = { fromMs: Date.parse(journey.from), untilMs: Date.parse(journey.until) };
const ordered = {
  actor: { kind: 'user', id: 'alice' },
  correlationId: expect.any(String),
  sessionId: 's1',
};

beforeAll(() => app.start());
beforeEach(() => app.reset());
afterAll(() => app.stop());

const acts = [
  ['POST', '/v1/travel-notices', journey],
  ['DELETE', '/v1/travel-notices/n1', undefined],
  ['PUT', '/v1/devices/d2/trust', undefined],
  ['DELETE', '/v1/devices/d2/trust', undefined],
] as const;

describe('journeys and trust', () => {
  it.each(acts)('%s %s wants a sign-in of the last five minutes', async (method, url, payload) => {
    app.queries.answer = stale;
    const answer = await app.send(method, url, { payload });
    expect([answer.status, answer.body.maxAge]).toEqual([401, 300]);
    expect(answer.headers['www-authenticate']).toMatch(/insufficient_user_authentication.*max_age="300"/);
    expect(app.commands.seen).toEqual([]);
  });

  it.each(acts)('%s %s wants a device with a key', async (method, url, payload) => {
    app.queries.answer = { kind: 'principal', principal: withoutKey };
    const answer = await app.send(method, url, { payload });
    expect([answer.status, answer.body.code]).toEqual([403, 'device_key_required']);
    expect(app.commands.seen).toEqual([]);
  });

  it.each(acts)('%s %s tells where the write stands', async (method, url, payload) => {
    const { headers } = await app.send(method, url, { payload });
    expect(headers['sallyport-position']).toBe('42');
    expect(app.commands.seen).toEqual([{ input: expect.anything(), ordered }]);
  });
});

describe('a travel notice', () => {
  const by = { filedBySession: 's1', filedByDevice: 'd1' };
  const filed = { command: 'FileTravelNotice', accountId: 'alice', ...by };

  it('is filed with the session and device that file it', async () => {
    const answer = await app.send('POST', '/v1/travel-notices', { payload: journey });
    expect([answer.status, answer.body.position]).toEqual([201, '42']);
    expect(app.commands.seen[0]?.input).toEqual({ ...filed, ...times, countries: ['IT', 'SI'] });
  });

  it('begins now where it does not say when', async () => {
    const { from: _now, ...payload } = journey;
    expect((await app.send('POST', '/v1/travel-notices', { payload })).status).toBe(201);
    expect(app.commands.seen[0]?.input).toMatchObject({ fromMs: 0 });
  });

  it.each([
    [{ ...journey, until: 'tomorrow' }, 'until'],
    [{ ...journey, until: '2026-12-01' }, 'until'],
    [{ ...journey, until: undefined }, 'until'],
    [{ ...journey, from: 1_764_000_000 }, 'from'],
    [{ ...journey, countries: [] }, 'countries'],
    [{ ...journey, countries: 'IT' }, 'countries'],
    [{ ...journey, countries: ['Italy'] }, 'countries'],
    [{ ...journey, countries: ['ZZ'] }, 'countries'],
    [{ ...journey, countries: Array.from({ length: 11 }, () => 'IT') }, 'countries'],
    [['IT'], 'until'],
  ])('that cannot be read names the field (%#)', async (payload, field) => {
    const answer = await app.send('POST', '/v1/travel-notices', { payload });
    expect([answer.status, answer.body.code]).toEqual([400, 'bad_request']);
    expect(answer.body.fields.map((one: { field: string }) => one.field)).toContain(field);
    expect(app.commands.seen).toEqual([]);
  });

  it('is taken back by its id; what cannot be an id is none', async () => {
    expect((await app.send('DELETE', '/v1/travel-notices/n1')).status).toBe(204);
    const input = { command: 'WithdrawTravelNotice', accountId: 'alice', noticeId: 'n1' };
    expect(app.commands.seen[0]?.input).toEqual(input);
    const malformed = await app.send('DELETE', '/v1/travel-notices/not%20an%20id');
    expect([malformed.status, malformed.body.code]).toEqual([404, 'travel_notice_unknown']);
  });
});

describe('trust in a device', () => {
  const by = { bySession: 's1', byDevice: 'd1' };
  const input = { command: 'TrustDevice', accountId: 'alice', deviceId: 'd2', ...by };

  it.each([
    ['PUT', true],
    ['DELETE', false],
  ] as const)('is noted by %s as %s, with who says so', async (method, trusted) => {
    expect((await app.send(method, '/v1/devices/d2/trust')).status).toBe(204);
    expect(app.commands.seen[0]?.input).toEqual({ ...input, trusted });
  });

  it('is refused for a device that is none', async () => {
    app.commands.refusal = new LedgerError('device_unknown');
    expect((await app.send('PUT', '/v1/devices/d9/trust')).status).toBe(404);
    expect((await app.send('PUT', '/v1/devices/not%20an%20id/trust')).status).toBe(404);
    expect(app.commands.seen).toHaveLength(1);
  });
});
