// Erasing an account over HTTP: what opens its personal data is in no file any more, the history stays whole.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteSecretStore } from '@sallyport/adapter-sqlite';
import { accountFold, streamProblems } from '@sallyport/core-session';
import type { AccountState } from '@sallyport/core-session';
import type { RecordedEvent } from '@sallyport/engine';
import { newDeviceKey, signProof, SignInRefused, tokenHash } from '../tools/client/index.js';
import type { Answer, Person } from '../tools/client/index.js';
import { OperatorError } from '../tools/target/operator.js';
import { UnderTest, verdict, type SignedIn } from './under-test.js';

let service: UnderTest;
let person: Person & { readonly accountId: string };
let session: SignedIn;
let wrappedKey: Buffer;
let erased: Answer;

/** What the vault holds for the account, read from a copy of its files. */
async function keyInVault(accountId: string): Promise<Buffer | undefined> {
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-vault-'));
  for (const name of readdirSync(service.target.dataDir)) {
    if (name.startsWith('vault.sqlite')) cpSync(join(service.target.dataDir, name), join(copy, name));
  }
  const vault = SqliteSecretStore.open(join(copy, 'vault.sqlite'));
  try {
    const wrapped = await vault.get('personal', accountId);
    return wrapped && Buffer.from(wrapped);
  } finally {
    await vault.close();
    rmSync(copy, { recursive: true });
  }
}

function filesThatHold(bytes: Buffer): string[] {
  const { dataDir } = service.target;
  return readdirSync(dataDir).filter((name) => readFileSync(join(dataDir, name)).includes(bytes));
}

/** A request to /v1 with the session's access token. */
async function call({ granted, caller }: SignedIn, path: string, method = 'GET'): Promise<Answer> {
  const url = `${service.target.issuer}${path}`;
  const { key, accessToken } = granted;
  if (key === undefined) throw new Error('a session with a key is wanted');
  const nonce = await caller.freshNonce();
  const proof = signProof(key, { htm: method, htu: url.split('?')[0], nonce, ath: tokenHash(accessToken) });
  const headers = { authorization: `DPoP ${accessToken}`, dpop: proof };
  return caller.network.send(url, { method, headers });
}

beforeAll(async () => {
  service = await UnderTest.start();
  person = await service.newPerson();
  session = await service.phone('phone', { person, key: await newDeviceKey() });
  await session.rotate(session.first);
  wrappedKey = (await keyInVault(person.accountId)) ?? Buffer.alloc(0);
  const position = session.caller.network.position;
  const shown = await call(session, `/v1/sessions?after=${position}`);
  expect(shown.body).toMatchObject({ sessions: [{ ip: '127.0.0.1', userAgent: 'node' }] });
  expect(filesThatHold(wrappedKey)).not.toEqual([]);
  erased = await call(session, '/v1/account/erasure', 'POST');
}, 60_000);

afterAll(() => service.stop());

describe('an account erased over HTTP', () => {
  it('is answered with where that stands', () => {
    expect(erased.status).toBe(200);
    expect(erased.body).toEqual({ erased: true, position: erased.headers.get('sallyport-position') });
  });

  it('has its key in no file any more', async () => {
    expect(wrappedKey.length).toBeGreaterThan(32);
    expect(filesThatHold(wrappedKey)).toEqual([]);
    expect(await keyInVault(person.accountId)).toBeUndefined();
  });

  it('has no session, no device and no sign-in', async () => {
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant closed');
    expect((await call(session, '/v1/sessions')).status).toBe(401);
    await expect(service.phone('phone', { person })).rejects.toThrow(SignInRefused);
  });

  it('is shown to operators without its name, and not found by it', async () => {
    const { operator } = service.target;
    await expect(operator.find(person.username)).rejects.toThrow(OperatorError);
    const { address, credential } = operator.access();
    const headers = { authorization: `Bearer ${credential}` };
    const shown = await fetch(`${address}/admin/accounts/${person.accountId}`, { headers });
    const account = (await shown.json()) as object;
    expect(account).toMatchObject({ accountId: person.accountId, status: 'erased' });
    expect(account).not.toHaveProperty('email');
  });

  it('leaves a history that folds, with every personal part still sealed', async () => {
    const { ledger } = service.target;
    const opened = await ledger.events(`account-${person.accountId}`);
    const { nameHash } = accountFold.carried(opened[0] as RecordedEvent) as AccountState;
    const streams = [
      `account-${person.accountId}`,
      `session-${session.ids.sid}`,
      `login-${person.accountId}`,
      `login-name-${nameHash}`,
    ];
    for (const stream of streams) {
      const events = await ledger.events(stream);
      expect(events.length).toBeGreaterThan(0);
      expect(streamProblems(stream, events)).toEqual([]);
      expect(JSON.stringify(events)).not.toContain(person.username);
    }
    expect(opened.filter(({ personal }) => personal !== undefined).length).toBeGreaterThan(0);
    expect((await ledger.history(`login-name-${nameHash}`)).at(-1)).toBe('released');
  });

  it('frees its name for somebody new, to whom nothing of the old account belongs', async () => {
    const password = 'another long password';
    const { accountId } = await service.target.operator.openAccount({ ...person, password });
    expect(accountId).not.toBe(person.accountId);
    const next = await service.phone('phone', { person: { username: person.username, password } });
    const shown = await call(next, `/v1/sessions?after=${next.caller.network.position}`);
    expect(shown.body['sessions']).toEqual([expect.objectContaining({ id: next.ids.sid, current: true })]);
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant closed');
    await expect(service.phone('phone', { person })).rejects.toThrow(SignInRefused);
  });

  it('stays erased after a kill', async () => {
    await service.target.restartOn(() => undefined, 'SIGKILL');
    expect(filesThatHold(wrappedKey)).toEqual([]);
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant closed');
  });
});
