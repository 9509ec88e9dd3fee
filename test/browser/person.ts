// What the browser specs start from: the built service with a client of its own, Chromium, a listening app.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService, type RunningService } from '@sallyport/testing';
import { chromium, type Browser, type Page } from 'playwright-core';

export const executablePath = '/usr/bin/chromium';
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const appScheme = 'com.example.sallyport.spec:/oauth';
const client = {
  clientId: 'spec-app',
  name: 'Browser specs',
  redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback', appScheme],
  scopes: ['offline_access', 'profile'],
  keyBound: false,
};

/** An app that waits on a loopback port for the authorization endpoint's answer (RFC 8252 section 7.3). */
export interface ListeningApp {
  readonly redirectUri: string;
  /** The queries it was called with. */
  readonly answers: URLSearchParams[];
  close(): void;
}

export async function listeningApp(host: '127.0.0.1' | '::1'): Promise<ListeningApp> {
  const answers: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app');
    if (pathname === '/callback') answers.push(searchParams);
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Back in the app</title>');
  });
  await once(server.listen(0, host), 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = host === '::1' ? `http://[::1]:${port}` : `http://127.0.0.1:${port}`;
  return { redirectUri: `${origin}/callback`, answers, close: () => server.close().closeAllConnections() };
}

/** One request of the app with what is needed to finish it. */
export interface Attempt {
  readonly url: string;
  readonly state: string;
  readonly verifier: string;
}

export interface Setting {
  readonly service: RunningService;
  readonly browser: Browser;
  attempt(redirectUri: string): Attempt;
  close(): Promise<void>;
}

export async function startSetting(): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-browser-'));
  const clientsFile = join(folder, 'clients.json');
  writeFileSync(clientsFile, JSON.stringify({ clients: [client] }));
  const service = await startService({ env: { SALLYPORT_CLIENTS_FILE: clientsFile } });
  const browser = await chromium.launch({ executablePath, args });
  return {
    service,
    browser,
    attempt: (redirectUri) => attemptOf(service.issuer, redirectUri),
    close: async () => {
      await browser.close();
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function attemptOf(issuer: string, redirectUri: string): Attempt {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return { url: `${issuer}/authorize?${query.toString()}`, state, verifier };
}

/** Somebody with an account of their own. */
export interface Person {
  readonly username: string;
  readonly password: string;
}

export function newPerson(): Person {
  const password = `four words in ${randomBytes(6).toString('hex')}`;
  return { username: `person-${randomBytes(4).toString('hex')}@example.com`, password };
}

/** Fills the form that is shown and sends it by its button. */
export async function submit(page: Page, { username, password }: Person): Promise<void> {
  await page.getByLabel('E-mail address').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button').click();
}

/** Opens an account for the person and goes back to the sign-in that the page belongs to. */
export async function openAccount(page: Page, attempt: Attempt, person: Person): Promise<void> {
  await page.goto(attempt.url);
  await page.getByRole('link', { name: 'Open an account' }).click();
  await submit(page, person);
  await page.getByRole('link', { name: 'Continue to sign in' }).click();
}

/** What the browser's console tells of refusals by a content security policy. */
export function policyRefusals(page: Page): string[] {
  const refusals: string[] = [];
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) refusals.push(message.text());
  });
  return refusals;
}
