// What a log line must never show.
import { redact, redactText } from './redaction.js';

const canary = 'canary-0123456789';

describe('a log line', () => {
  const names =
    'authorization DPoP cookie Set-Cookie password newPassword token refresh_token code ' +
    'code_verifier username email ip remoteAddress x-forwarded-for user-agent masterKey body';
  it.each(names.split(' '))('hides the member %s at any depth', (name) => {
    const line = redact({ a: [{ [name]: canary }], [name]: { inner: canary } });
    expect(JSON.stringify(line)).not.toContain(canary);
  });

  it.each([
    `refused sprt_${canary}`,
    `header eyJhbGciOiJFUzI1NiJ9.${canary}.${canary}`,
    `Authorization: Bearer ${canary}`,
    `authorization: dpop ${canary}`,
    `no account ${canary}@example.org`,
    `GET /callback?code=${canary}&state=${canary}`,
  ])('hides secrets inside a text: %s', (text) => {
    expect(redactText(text)).not.toContain(canary);
    expect(JSON.stringify(redact(new Error(text, { cause: new Error(text) })))).not.toContain(canary);
  });

  it('keeps what helps: error codes, ids, counts, and the message and place of an error', () => {
    const error = Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
    expect(redact({ code: 'queue_full', requestId: 'r1', count: 3, error })).toMatchObject({
      code: 'queue_full',
      requestId: 'r1',
      count: 3,
      error: { name: 'Error', code: 'SQLITE_FULL', message: 'disk full', stack: expect.any(String) },
    });
  });

  it('ends: on circles, on bytes, on long texts and long lists', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(JSON.stringify(redact(circle))).toContain('[deep]');
    expect(redact({ key: new Uint8Array(32) })).toEqual({ key: '[bytes]' });
    expect(redactText('x'.repeat(10_000)).length).toBeLessThan(2_100);
    expect(redact(Array.from({ length: 1_000 }, () => 1))).toHaveLength(100);
  });
});
