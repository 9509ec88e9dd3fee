// The small parts around every request: who is let in, what answers, whose word counts.
import { EngineError } from '@sallyport/engine';
import { LedgerError, ProblemError } from '@sallyport/feature-ledger';
import { NotFoundException } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { oauthBody, problemBody, problemOf } from './problems.js';
import { Readiness, remembered } from './readiness.js';
import { RequestGate, requestKind } from './request-gate.js';
import { isAddressRange, TrustedProxies } from './trusted-proxies.js';

describe('the gate', () => {
  it('turns the token request away that is one too many, and no other kind', () => {
    const gate = new RequestGate(2);
    expect([gate.enter('tokens'), gate.enter('tokens'), gate.enter('tokens')]).toEqual([true, true, false]);
    expect(gate.enter('other')).toBe(true);
    gate.leave('tokens');
    expect(gate.enter('tokens')).toBe(true);
    expect(gate.inFlight).toBe(3);
  });

  it('gives streams, which go on for minutes, places of their own', () => {
    const gate = new RequestGate(1);
    expect([requestKind('/v1/events'), requestKind('/admin/events')]).toEqual(['streams', 'streams']);
    expect([gate.enter('streams'), gate.enter('streams')]).toEqual([true, false]);
    expect([gate.enter('tokens'), gate.enter('other')]).toEqual([true, true]);
    expect(gate.inFlight).toBe(3);
  });

  it('always lets health and metrics in', () => {
    const gate = new RequestGate(1);
    expect([requestKind('/health/live'), requestKind('/health/ready'), requestKind('/metrics')]).toEqual([
      'exempt',
      'exempt',
      'exempt',
    ]);
    expect(Array.from({ length: 100 }, () => gate.enter('exempt')).every(Boolean)).toBe(true);
    expect([requestKind('/token'), requestKind('/revoke'), requestKind(undefined)]).toEqual([
      'tokens',
      'other',
      'other',
    ]);
  });
});

describe('an error', () => {
  it.each(['store_unavailable', 'outcome_unknown', 'queue_full', 'conflict_persists'] as const)(
    'of the store (%s) is a 503 that says when to ask again',
    (code) => {
      const problem = problemOf(new EngineError(code));
      expect(problem).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(JSON.parse(oauthBody(problem))).toMatchObject({ error: 'temporarily_unavailable' });
    },
  );

  it('of the ledger has its own code and status', () => {
    const code = 'account_unknown';
    expect(problemOf(new LedgerError(code))).toMatchObject({ status: 404, code });
    expect(problemOf(new LedgerError('password_too_short'))).toMatchObject({ status: 422 });
    const headers = { 'www-authenticate': expect.stringContaining('DPoP error="invalid_token"') };
    expect(problemOf(new LedgerError('session_ended'))).toMatchObject({ status: 401, headers });
  });

  it('with its own words keeps them', () => {
    const members = { max_age: 300 };
    const parts = { status: 401, code: 'fresh_sign_in_needed', title: 'Sign in again', members };
    const body = problemBody(problemOf(new ProblemError(parts)), 'r1');
    expect(JSON.parse(body)).toEqual({
      type: 'urn:sallyport:problem:fresh_sign_in_needed',
      title: 'Sign in again',
      status: 401,
      max_age: 300,
      requestId: 'r1',
    });
  });

  it('of Nest has the words of its status only', () => {
    expect(problemOf(new NotFoundException('Cannot GET /secret?code=1'))).toEqual({
      status: 404,
      code: 'not_found',
      title: 'There is nothing here',
    });
  });

  it.each([new Error('canary'), 'canary', undefined, null, { statusCode: 500, message: 'canary' }])(
    'nobody foresaw (%p) is a 500 without details, and ours to look at',
    (error) => {
      const problem = problemOf(error);
      expect(problem).toMatchObject({ status: 500, code: 'internal_error', ours: true });
      expect(problemBody(problem, 'r1') + oauthBody(problem)).not.toContain('canary');
    },
  );
});

describe('readiness', () => {
  it('names what is wrong, also when a check throws', async () => {
    const fails = () => Promise.reject(new Error('disk full'));
    const report = await new Readiness([
      { name: 'good', check: () => undefined },
      { name: 'bad', check: () => 'not loaded' },
      { name: 'ugly', check: fails },
    ]).report();
    expect(report).toEqual({ ready: false, checks: { good: 'ok', bad: 'not loaded', ugly: 'disk full' } });
  });

  it('does not repeat an expensive check for every caller', async () => {
    let asked = 0;
    const check = remembered({ name: 'x', check: () => void (asked += 1) }, 60_000);
    await new Readiness([check]).report();
    await new Readiness([check]).report();
    expect(asked).toBe(1);
  });
});

describe('a proxy', () => {
  const request = (remoteAddress: string, id: string): IncomingMessage => {
    return { headers: { 'x-request-id': id }, socket: { remoteAddress } } as unknown as IncomingMessage;
  };

  it('is believed only when it is trusted', () => {
    const proxies = new TrustedProxies(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
    expect(proxies.requestId(request('10.1.2.3', 'given-by-proxy'))).toBe('given-by-proxy');
    expect(proxies.requestId(request('2001:db8::1', 'given-by-proxy'))).toBe('given-by-proxy');
    expect(proxies.requestId(request('192.0.2.2', 'given-by-proxy'))).not.toBe('given-by-proxy');
    const none = new TrustedProxies([]);
    expect(none.requestId(request('127.0.0.1', 'given-by-proxy'))).not.toBe('given-by-proxy');
  });

  it('cannot put what it likes into logs and events', () => {
    const proxies = new TrustedProxies(['127.0.0.1']);
    for (const id of ['short', 'x'.repeat(65), 'has space here', 'a@example.org']) {
      expect(proxies.requestId(request('127.0.0.1', id))).not.toBe(id);
    }
  });

  it('is named by an address or a range', () => {
    expect(['10.0.0.0/8', '::1', '127.0.0.1', '2001:db8::/32'].every(isAddressRange)).toBe(true);
    const wrong = ['', '10.0.0.0/33', 'host', '10.0.0.0/8/8', '10.0.0.0/x', '::/129'];
    expect(wrong.some(isAddressRange)).toBe(false);
  });
});
