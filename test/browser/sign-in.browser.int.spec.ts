// The hosted pages in real Chromium against the built service: what a person can do, and what a page cannot.
import type { BrowserContext, Page } from 'playwright-core';
import { contrast, focusRing, hasFocus, overwrite, scrollWidth } from './in-page.js';
import {
  appScheme,
  listeningApp,
  newPerson,
  openAccount,
  startSetting,
  submit,
  policyRefusals,
  type Attempt,
  type ListeningApp,
  type Setting,
} from './person.js';

const person = newPerson();
const backInTheApp = 'Back in the app';

let setting: Setting;
let app: ListeningApp;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  setting = await startSetting();
  app = await listeningApp('127.0.0.1');
  const opening = await setting.browser.newPage();
  await openAccount(opening, setting.attempt(app.redirectUri), person);
  await opening.close();
}, 60_000);
beforeEach(async () => {
  app.answers.length = 0;
  context = await setting.browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());
afterAll(async () => {
  app.close();
  await setting.close();
});

/** Ends the sign-in as the app does: the code for tokens. */
async function exchange(attempt: Attempt, answer: URLSearchParams | undefined): Promise<Response> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: 'spec-app',
    code: answer?.get('code') ?? '',
    redirect_uri: app.redirectUri,
    code_verifier: attempt.verifier,
  });
  return fetch(`${setting.service.issuer}/token`, { method: 'POST', body });
}

describe('a person', () => {
  it('opens an account on the way to a sign-in, and the app gets a code for tokens', async () => {
    const attempt = setting.attempt(app.redirectUri);
    const somebody = newPerson();
    await openAccount(page, attempt, somebody);
    await submit(page, somebody);
    expect(await page.title()).toBe(backInTheApp);
    const [answer] = app.answers;
    expect(answer?.get('state')).toBe(attempt.state);
    expect(answer?.get('iss')).toBe(setting.service.issuer);
    const tokens = await exchange(attempt, answer);
    expect(tokens.status).toBe(200);
    expect(await tokens.json()).toMatchObject({ token_type: 'Bearer', scope: 'offline_access profile' });
  });

  it('is told when the password is wrong, for unknown names the same, and can try again', async () => {
    await page.goto(setting.attempt(app.redirectUri).url);
    const told: string[] = [];
    for (const { username } of [person, newPerson()]) {
      await submit(page, { username, password: 'not the password at all' });
      told.push(await page.getByRole('alert').innerText());
      expect(await page.title()).toBe('Error – Sign in – Browser specs');
      expect(await page.getByLabel('E-mail address').inputValue()).toBe(username);
      expect(await page.getByLabel('Password').inputValue()).toBe('');
    }
    expect(told[0]).toContain('is not right');
    expect(told[1]).toBe(told[0]);
    await submit(page, person);
    expect(await page.title()).toBe(backInTheApp);
  });

  it('is told what is wrong with a new password, at its field', async () => {
    await page.goto(`${setting.service.issuer}/sign-up`);
    await submit(page, { ...newPerson(), password: 'eleven char' });
    const field = page.getByLabel('Password');
    expect(await page.getByRole('alert').innerText()).toContain('at least 12 characters');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.evaluate(hasFocus)).toBe(true);
  });

  it('needs the keyboard only, and sees where it is', async () => {
    await page.goto(setting.attempt(app.redirectUri).url);
    const seen: string[] = [];
    const look = async (): Promise<void> => {
      const focused = page.locator(':focus-visible');
      seen.push(await focused.evaluate(focusRing));
    };
    await look();
    for (let stop = 0; stop < 3; stop += 1) {
      await page.keyboard.press('Tab');
      await look();
    }
    expect(seen).toEqual(['username 3px', 'password 3px', 'BUTTON 3px', 'A 3px']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.type(person.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(person.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.redirectUri}?**`);
  });

  it('needs no scripts', async () => {
    const scriptless = await setting.browser.newContext({ javaScriptEnabled: false });
    const plain = await scriptless.newPage();
    const somebody = newPerson();
    await openAccount(plain, setting.attempt(app.redirectUri), somebody);
    expect(await plain.locator('script').count()).toBe(0);
    await submit(plain, somebody);
    expect(app.answers).toHaveLength(1);
    await scriptless.close();
  });

  it('may have the form open in two tabs, and reload it', async () => {
    const first = setting.attempt(app.redirectUri);
    await page.goto(first.url);
    const other = await context.newPage();
    await other.goto(setting.attempt(app.redirectUri).url);
    await other.reload();
    await submit(page, person);
    await submit(other, person);
    expect(app.answers).toHaveLength(2);
    expect(app.answers[0]?.get('state')).toBe(first.state);
  });

  it('gets a page, not the app, when the link is wrong', async () => {
    const bad = setting.attempt('https://evil.example/callback');
    const response = await page.goto(bad.url);
    expect(response?.status()).toBe(400);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('This link does not work');
  });
});

describe('the cookie of the form', () => {
  it('is kept by the browser, for this host only and out of reach of scripts', async () => {
    await page.goto(setting.attempt(app.redirectUri).url);
    const cookies = await context.cookies(setting.service.issuer);
    const [cookie] = cookies.filter(({ name }) => name === '__Host-sallyport-form');
    expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' });
  });

  it('keeps a form from being sent in another browser', async () => {
    await page.goto(setting.attempt(app.redirectUri).url);
    const form = (await page.locator('input[name=form]').getAttribute('value')) ?? '';
    const victim = await setting.browser.newContext();
    const theirs = await victim.newPage();
    await theirs.goto(setting.attempt(app.redirectUri).url);
    await theirs.locator('input[name=form]').evaluate(overwrite, form);
    await submit(theirs, person);
    expect(await theirs.getByRole('heading', { level: 1 }).innerText()).toBe('Sign-in could not go on');
    expect(app.answers).toEqual([]);
    await victim.close();
  });

  it('does not come with a form that another site sends', async () => {
    await page.goto(setting.attempt(app.redirectUri).url);
    const form = (await page.locator('input[name=form]').getAttribute('value')) ?? '';
    // localhost and 127.0.0.1 are different sites.
    await page.goto(app.redirectUri.replace('127.0.0.1', 'localhost'));
    const fields = Object.entries({ ...person, form }).map(([name, value]) => {
      return `<input name="${name}" value="${value}">`;
    });
    const action = `${setting.service.issuer}/sign-in`;
    const inside = `${fields.join('')}<button>Go</button>`;
    await page.setContent(`<form method="post" action="${action}">${inside}</form>`);
    await page.getByRole('button').click();
    await page.waitForURL(action);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Sign-in could not go on');
  });
});

describe('the content security policy', () => {
  it('is broken by none of the pages', async () => {
    const refusals = policyRefusals(page);
    const somebody = newPerson();
    await openAccount(page, setting.attempt(app.redirectUri), somebody);
    await submit(page, { ...somebody, password: 'not the password at all' });
    await submit(page, somebody);
    expect(await page.title()).toBe(backInTheApp);
    expect(refusals).toEqual([]);
  });

  it('lets the redirect through to an IPv6 loopback address', async () => {
    const six = await listeningApp('::1');
    await page.goto(setting.attempt(six.redirectUri).url);
    await submit(page, person);
    await page.waitForURL(`${six.redirectUri}?**`);
    expect(six.answers).toHaveLength(1);
    six.close();
  });

  it('lets the redirect through to the scheme of an app', async () => {
    const refusals = policyRefusals(page);
    await page.goto(setting.attempt(appScheme).url);
    const answered = page.waitForResponse((response) => response.url().endsWith('/sign-in'));
    await submit(page, person);
    const location = (await answered).headers()['location'] ?? '';
    expect(location).toMatch(/^com\.example\.sallyport\.spec:\/oauth\?code=/);
    await page.waitForTimeout(300);
    expect(refusals).toEqual([]);
  });

  it.each([
    ['an address', () => app.redirectUri],
    ['an IPv6 address', () => app.redirectUri.replace('127.0.0.1', '[::1]')],
    ['the scheme of an app', () => appScheme],
  ])('would stop the redirect to %s without words for it: the checks above can fail', async (_to, uri) => {
    const refused = page.waitForEvent('console', (message) => message.text().includes('form-action'));
    await page.route('**/authorize?**', async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      const policy = headers['content-security-policy'] ?? '';
      headers['content-security-policy'] = policy.replace(/form-action [^;]+/, "form-action 'self'");
      await route.fulfill({ response, headers });
    });
    await page.goto(setting.attempt(uri()).url);
    await submit(page, person);
    await refused;
    expect(app.answers).toEqual([]);
  });

  it('keeps the page out of frames', async () => {
    await page.goto(app.redirectUri);
    const { url } = setting.attempt(app.redirectUri);
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
    await page.setContent(`<iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`);
    await refused;
    const [, frame] = page.frames();
    expect(await frame?.locator('form').count()).toBe(0);
  });
});

describe('on a phone', () => {
  it.each(['light', 'dark'] as const)('the page fits and can be read and hit, %s', async (colorScheme) => {
    const phone = await setting.browser.newContext({ viewport: { width: 320, height: 640 }, colorScheme });
    const shown = await phone.newPage();
    await shown.goto(setting.attempt(app.redirectUri).url);
    await submit(shown, { ...person, password: 'not the password at all' });
    expect(await shown.evaluate(scrollWidth)).toBe(320);
    for (const control of await shown.locator('input:not([type=hidden]), button').all()) {
      expect((await control.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    }
    for (const text of await shown.locator('h1, h2, p, label, input:not([type=hidden]), button, a').all()) {
      expect(await text.evaluate(contrast)).toBeGreaterThanOrEqual(4.5);
    }
    await phone.close();
  });
});
