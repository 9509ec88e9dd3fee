// The timeline over HTTP: what happened to an account in words, for its owner and for operators.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { newDeviceKey, signProof, tokenHash } from '../tools/client/index.js';
import { repositoryRoot } from '../tools/repository.js';
import { UnderTest, type SignedIn } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
});
afterAll(() => service.stop());

interface Entry {
  readonly position: string;
  readonly type: string;
  readonly sentence: string;
  readonly [member: string]: unknown;
}
interface Page {
  readonly entries: readonly Entry[];
  readonly next?: string;
  readonly behind?: true;
}

async function page(session: SignedIn, query = ''): Promise<Page> {
  const headers = { authorization: `Bearer ${session.granted.accessToken}` };
  const answer = await fetch(`${service.target.issuer}/v1/timeline${query}`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

async function ask<T>(path: string): Promise<T> {
  const { address, credential } = service.target.operator.access();
  const answer = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${credential}` } });
  return (await answer.json()) as T;
}

/** The position of the last event of a stream. */
async function lastOf(stream: string): Promise<string> {
  return (await service.target.ledger.events(stream)).at(-1)?.position ?? '0';
}

const told = ({ entries }: Page): string[] => entries.map(({ sentence }) => sentence);

/** Somebody with an app without a key and a phone, whose phone is then removed. */
async function history(): Promise<{ session: SignedIn; phone: SignedIn; accountId: string; after: string }> {
  const person = await service.newPerson();
  const session = await service.bearer('bearer', { person });
  const phone = await service.phone('phone', { person, key: await newDeviceKey() });
  const token = await session.rotate(session.first);
  await session.rotate(token);
  const headers = { authorization: `Bearer ${session.granted.accessToken}` };
  const device = `${service.target.issuer}/v1/devices/${phone.ids.did}`;
  const removed = await fetch(device, { method: 'DELETE', headers });
  expect(removed.status).toBe(204);
  const after = removed.headers.get('sallyport-position') ?? '';
  return { session, phone, accountId: person.accountId, after };
}

describe('GET /v1/timeline', () => {
  it('tells what happened, newest first, with apps and devices by their names', async () => {
    const { session, after } = await history();
    const shown = await page(session, `?after=${after}`);
    expect(shown.behind).toBeUndefined();
    expect(told(shown)).toEqual([
      'The device “node” was removed.',
      'Signed in with phone on the device “node”.',
      'A device was added with phone on the device “node”.',
      'The password was accepted for a sign-in with phone.',
      expect.stringMatching(/^Signed in with bearer\. Refreshed 2 times since, last at .+ UTC\.$/),
      'The password was accepted for a sign-in with bearer.',
      'The account was opened by an operator.',
    ]);
    expect(shown.entries[1]).toMatchObject({ by: { kind: 'user' }, client: 'phone', ip: '127.0.0.1' });
  });

  it('gives pages that join without a gap or a repetition', async () => {
    const { session, after } = await history();
    const whole = await page(session, `?after=${after}`);
    const pages: Entry[] = [];
    for (let before: string | undefined = '99999999'; before !== undefined; ) {
      const { entries, next }: Page = await page(session, `?limit=3&before=${before}`);
      expect(entries.length).toBeLessThanOrEqual(3);
      pages.push(...entries);
      before = next;
    }
    expect(pages).toEqual(whole.entries);
  });

  it("shows nobody else's, and nothing that is not to be told", async () => {
    const [one, other] = [await history(), await history()];
    const text = JSON.stringify(await page(one.session, `?after=${other.after}`));
    expect(text).not.toContain(other.session.ids.sid);
    for (const hidden of ['ipTag', 'jkt', 'fingerprint', 'credential', 'sealed', 'nameHash', 'drill']) {
      expect(text).not.toContain(hidden);
    }
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'before=x', 'before=1&before=2', 'after=-1'])(
    'refuses %s',
    async (query) => {
      const headers = { authorization: `Bearer ${(await service.bearer()).granted.accessToken}` };
      const answer = await fetch(`${service.target.issuer}/v1/timeline?${query}`, { headers });
      expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([
        400,
        'urn:sallyport:problem:bad_request',
      ]);
    },
  );

  it('is for those who prove the key that their token is bound to', async () => {
    const key = await newDeviceKey();
    const session = await service.phone('phone', { key });
    const url = `${service.target.issuer}/v1/timeline`;
    const token = session.granted.accessToken;
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
    const nonce = (await session.refresh(session.first)).status === 200 ? session.caller.network.nonce : '';
    const claims = { jti: 'timeline', htm: 'GET', htu: url, ath: tokenHash(token), nonce };
    const headers = { authorization: `DPoP ${token}`, dpop: await signProof(key, claims) };
    expect((await fetch(`${url}?limit=1`, { headers })).status).toBe(200);
  });
});

describe('for operators', () => {
  it('tells of any account who acted and why, and nothing personal', async () => {
    const { accountId } = await history();
    await service.target.operator.lock(accountId);
    const after = await lastOf(`account-${accountId}`);
    const shown = await ask<Page>(`/admin/accounts/${accountId}/timeline?after=${after}&limit=3`);
    expect(told(shown).slice(0, 2)).toEqual([
      'The account was locked by operator drill: drill.',
      expect.stringMatching(/^Device [\w-]{6} was removed\.$/),
    ]);
    expect(shown.entries[0]?.['by']).toEqual({ kind: 'operator', id: 'drill' });
    expect(JSON.stringify(shown)).not.toContain('127.0.0.1');
    expect(shown.next).toMatch(/^\d+$/);
  });

  it('is a command, too', async () => {
    const { accountId, after } = await history();
    await ask(`/admin/accounts/${accountId}/timeline?after=${after}`);
    const entry = join(repositoryRoot(), 'dist', 'apps', 'admin', 'src', 'main.js');
    const run = (...more: string[]) => {
      const args = [entry, 'account', 'timeline', '--id', accountId, '--data-dir', service.target.dataDir];
      return spawnSync(process.execPath, [...args, ...more], { encoding: 'utf8' });
    };
    const { status, stdout } = run('--limit', '1');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Device [\w-]{6} was removed\.\nnext +\d+\n$/);
    const all = JSON.parse(run('--json').stdout) as Page;
    expect(all.entries.at(-1)?.sentence).toBe('The account was opened by operator drill.');
    expect(run('--limit', '1000').status).toBe(2);
  });

  it('tells of a cutoff whoever had a session that it could have ended', async () => {
    const before = await history();
    await service.target.operator.declareStoreRestored();
    const later = await history();
    const after = await lastOf('cutoffs');
    const shown = await ask<Page>(`/admin/accounts/${before.accountId}/timeline?after=${after}&limit=1`);
    expect(told(shown)).toEqual(['Every session ended for every account by operator drill: drill.']);
    expect(told(await page(later.session, `?after=${later.after}`)).join()).not.toContain('every account');
  });
});
