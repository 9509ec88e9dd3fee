// GET and POST /sign-up: an account is opened once, by who was shown the form, and the sign-in goes on.
import { EngineError } from '@sallyport/engine';
import { LedgerError, OpenAccount } from '@sallyport/feature-ledger';
import { MemorySecretStore } from '@sallyport/testing';
import { authorization, encoded, startOAuth } from '../spec-examples.js';
import type { Answer, Fields, RunningOAuth } from '../spec-examples.js';

const person = { username: 'alice@example.com', password: 'correct horse battery' };

let oauth: RunningOAuth;
beforeAll(async () => {
  oauth = await startOAuth(new MemorySecretStore());
});
beforeEach(() => {
  oauth.bus.commands.length = 0;
  oauth.bus.answer = () => ({ accountId: 'alice', position: '7' });
  oauth.settings.signUpEnabled = true;
});
afterAll(() => oauth.close());

async function signUp(fields: Fields = person, query = ''): Promise<Answer> {
  const page = await oauth.call(`/sign-up${query}`);
  const form = /name="form" value="([\w-]+)"/.exec(page.body)?.[1];
  const cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return oauth.post('/sign-up', { form, ...fields }, { cookie });
}

describe('sign-up', () => {
  it('shows a form that asks for a new password and posts to itself only', async () => {
    const { status, body, headers } = await oauth.call('/sign-up');
    expect(status).toBe(200);
    expect(body).toMatch(/id="password"[^>]*autocomplete="new-password"/);
    expect(body).toMatch(/id="password"[^>]*aria-describedby="password-hint"/);
    expect(headers.get('content-security-policy')).toContain("form-action 'self';");
  });

  it('opens an account by one OpenAccount and says so', async () => {
    const answer = await signUp();
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('<h1>Account opened</h1>')]);
    expect(oauth.bus.commands).toHaveLength(1);
    const command = oauth.bus.commands[0] as OpenAccount;
    expect(command).toBeInstanceOf(OpenAccount);
    expect(command.input).toEqual({ email: person.username, password: person.password });
    expect(command.ordered.actor).toEqual({ kind: 'user' });
  });

  it('leads back to the sign-in it came from, and to nothing else', async () => {
    const back = (answer: Answer) => /href="([^"]+)"/.exec(answer.body)?.[1]?.replaceAll('&amp;', '&');
    const href = back(await signUp(person, `?${encoded(authorization)}`));
    expect(href).toMatch(/^authorize\?response_type=code&client_id=demo-phone&/);
    expect((await oauth.call(`/${href}`)).status).toBe(200);
    const elsewhere = '?client_id=demo-phone&redirect_uri=https://evil.example';
    expect(back(await signUp(person, elsewhere))).toBeUndefined();
  });

  it.each([
    ['name_taken', 'username', 'No account can be opened with this e-mail address.'],
    ['name_malformed', 'username', 'Enter an e-mail address like'],
    ['password_too_short', 'password', 'at least 12 characters'],
    ['password_too_long', 'password', 'at most 256 characters'],
  ] as const)('refused for %s is shown at the %s and says what to do', async (code, field, text) => {
    oauth.bus.answer = () => Promise.reject(new LedgerError(code));
    const answer = await signUp();
    expect(answer.status).toBe(422);
    expect(answer.body).toMatch(new RegExp(`role="alert">.*${text}`, 's'));
    expect(answer.body).toContain('value="alice@example.com"');
    const faulty = /<input id="(\w+)"[^>]*aria-describedby="problem[^"]*" aria-invalid="true" autofocus>/g;
    expect([...answer.body.matchAll(faulty)].map(([, id]) => id)).toEqual([field]);
    expect(answer.body).not.toContain(person.password);
  });

  it.each([
    ['nothing', {}],
    ['no password', { username: 'x' }],
    ['an overlong name', { ...person, username: 'x'.repeat(321) }],
    ['an overlong password', { ...person, password: 'x'.repeat(1_025) }],
  ])('with %s is refused without a command', async (_case, fields) => {
    expect((await signUp(fields)).status).toBe(422);
    expect(oauth.bus.commands).toEqual([]);
  });

  it('that could not be decided may be tried again', async () => {
    oauth.bus.answer = () => Promise.reject(new EngineError('queue_full'));
    const answer = await signUp();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('without the cookie of its form is refused', async () => {
    const page = await oauth.call('/sign-up');
    const form = /name="form" value="([\w-]+)"/.exec(page.body)?.[1];
    expect((await oauth.post('/sign-up', { ...person, form })).status).toBe(403);
    expect(oauth.bus.commands).toEqual([]);
  });

  it('is not there when it is off', async () => {
    oauth.settings.signUpEnabled = false;
    expect((await oauth.call('/sign-up')).status).toBe(404);
    expect((await oauth.post('/sign-up', person)).status).toBe(404);
    expect(oauth.bus.commands).toEqual([]);
  });
});
