// No secrets at rest: plants marked secrets all over the running service, then looks for them everywhere.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtApp, collect, startService } from '@sallyport/testing';
import type { RunningService } from '@sallyport/testing';
import { Canaries, filesBelow } from './canaries.js';
import type { Leak } from './canaries.js';
import { misuse } from './misuse.js';
import { Somebody } from './scenario.js';
import type { Answered } from './wire.js';

/** Files that keep a secret, and which. */
const keepers = {
  'master.key': ['the master key', "the master key's bytes"],
  'admin.json': ["the admin listener's credential"],
};

const canaries = new Canaries();
const folder = mkdtempSync(join(tmpdir(), 'sallyport-canary-'));
const adminOutputs: string[] = [];
const people: Somebody[] = [];
let service: RunningService;
let metrics = '';

async function admin(args: readonly string[], input = ''): Promise<string> {
  const all = [...args, '--data-dir', service.dataDir, '--json'];
  const child = spawn(process.execPath, [builtApp('admin'), ...all], { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = collect(child);
  child.stdin.end(input);
  await once(child, 'close');
  return output.stdout + output.stderr;
}

function somebody(name: string): Somebody {
  const who = new Somebody(service.issuer, name, canaries);
  people.push(who);
  return who;
}

beforeAll(async () => {
  const env = {
    SALLYPORT_TRUSTED_PROXIES: '127.0.0.1',
    SALLYPORT_LOG_LEVEL: 'trace',
    SALLYPORT_TEST_CLOCK: '1',
  };
  service = await startService({ dataDir: folder, env });
  const masterKey = readFileSync(join(folder, 'master.key'), 'utf8').trim();
  canaries.plant('the master key', masterKey);
  canaries.plant(
    "the master key's bytes",
    Buffer.from(masterKey, /^[0-9a-f]+$/i.test(masterKey) ? 'hex' : 'base64'),
  );
  canaries.plant("the admin listener's credential", service.admin.credential);
  await aLifeWithMistakes();
  await operatorsLook();
  metrics = await (await fetch(`${service.issuer}/metrics`)).text();
}, 120_000);

afterAll(async () => {
  await service.kill9();
  rmSync(folder, { recursive: true, force: true });
});

/** One person who keeps the rules, one who mistypes, one who never had an account. */
async function aLifeWithMistakes(): Promise<void> {
  const [alice, bob, nobody] = [somebody('Alice'), somebody('Bob'), somebody('Nobody')];
  await alice.signUp();
  await bob.signUp();
  const phone = await alice.signIn('demo-phone');
  for (let times = 0; times < 3; times += 1) await alice.refresh(phone);
  const tablet = await bob.signIn('demo-bearer');
  await bob.refresh(tablet);
  await misuse(alice, phone);
  await misuse(bob, tablet);
  await mistypes(bob, nobody);
  const listed = await alice.call(phone, '/v1/sessions');
  // What is searched for was received, and is shown to whom it belongs.
  expect(canaries.find('sessions', listed.text).map(({ secret }) => secret)).toContain("Alice's device");
  await alice.call(phone, '/v1/devices');
  await alice.call(phone, '/v1/timeline');
  const currentPassword = alice.password;
  const newPassword = alice.secret('new password');
  await alice.call(phone, '/v1/password', {
    method: 'POST',
    body: { currentPassword: bob.password, newPassword },
  });
  await alice.call(phone, '/v1/password', {
    method: 'POST',
    body: { currentPassword, newPassword: 'short' },
  });
  const changed = await alice.call(phone, '/v1/password', {
    method: 'POST',
    body: { currentPassword, newPassword },
  });
  expect(changed.status).toBe(204);
  alice.password = newPassword;
  const second = await alice.signIn('demo-phone');
  await alice.call(second, '/v1/sessions?scope=others', { method: 'DELETE' });
  const again = await bob.signIn('demo-bearer');
  const erased = await bob.call(again, '/v1/account/erasure', { method: 'POST' });
  expect(erased.status).toBe(200);
}

async function mistypes(bob: Somebody, nobody: Somebody): Promise<void> {
  const verifier = bob.secret('verifier of a sign-in that failed').padEnd(43, 'x');
  const page = bob.authorizeUrl('demo-phone', { verifier });
  await bob.wire.submit(page, { username: bob.email, password: bob.secret('wrong password') });
  // The password in the field of the name.
  await bob.wire.submit(page, { username: bob.password, password: bob.email });
  await nobody.wire.submit(nobody.authorizeUrl('demo-phone', { verifier }), {
    username: nobody.email,
    password: nobody.password,
  });
  await nobody.wire.submit('/sign-up', { username: nobody.email, password: 'short' });
  await nobody.wire.submit('/sign-up', {
    username: nobody.secret('name without a sign'),
    password: nobody.password,
  });
  await bob.wire.submit('/sign-up', { username: bob.email, password: bob.password });
  const { code } = await bob.code('demo-phone');
  await bob.token({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    client_id: 'demo-phone',
  });
}

async function operatorsLook(): Promise<void> {
  const carol = somebody('Carol');
  await admin(['account', 'open', '--email', carol.email, '--password-stdin'], carol.password);
  const held = await carol.signIn('demo-phone');
  await carol.refresh(held);
  await admin(
    ['account', 'password', '--email', carol.email, '--password-stdin', '--reason', 'x'],
    carol.secret('password by an operator'),
  );
  for (const words of [
    'session list',
    'device list',
    'account lock --reason x',
    'account unlock --reason x',
  ]) {
    adminOutputs.push(await admin([...words.split(' '), '--email', carol.email]));
  }
  for (const words of ['keys list', 'keys rotate --reason x', 'store restored --reason x']) {
    adminOutputs.push(await admin(words.split(' ')));
  }
}

const isRefusal = ({ status }: Answered): boolean => status >= 400;
const isPage = ({ headers }: Answered): boolean =>
  headers.get('content-type')?.startsWith('text/html') === true;

function leaksOf({ what, status, text, headers }: Answered): Leak[] {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  return canaries.find(`${what} ${status}`, [...lines, text].join('\n'));
}

describe('secrets and personal data', () => {
  it('are in none of the files of the data directory while the service runs, in no form', () => {
    expect(canaries.count).toBeGreaterThan(60);
    expect(filesBelow(folder)).toEqual(
      expect.arrayContaining(['ledger.sqlite', 'ledger.sqlite-wal', 'vault.sqlite']),
    );
    expect(canaries.findInFiles(folder, keepers)).toEqual([]);
  });

  it('are in nothing the service writes', () => {
    expect(service.stderr().split('\n').length).toBeGreaterThan(100);
    expect(canaries.find('standard output', service.stdout())).toEqual([]);
    expect(canaries.find('standard error', service.stderr())).toEqual([]);
    expect(canaries.find('metrics', metrics)).toEqual([]);
  });

  it('are in no refusal', () => {
    const refusals = people.flatMap(({ wire }) => wire.answers.filter(isRefusal));
    expect(refusals.length).toBeGreaterThan(200);
    expect(refusals.filter((answer) => !isPage(answer)).flatMap(leaksOf)).toEqual([]);
  });

  it('are on no page but what the person who is shown it sent: their name and where they came from', () => {
    for (const { name, wire } of people) {
      const leaks = wire.answers.filter(isPage).flatMap(leaksOf);
      const own = new RegExp(`^${name}'s (e-mail|name without a sign|state|cookie .*)$`);
      expect(leaks.filter(({ secret }) => !own.test(secret))).toEqual([]);
    }
  });

  it('are in nothing operators are shown of sessions, devices and keys', () => {
    expect(adminOutputs.join('\n')).toContain('standing');
    expect(canaries.find('operators', adminOutputs.join('\n'))).toEqual([]);
  });

  it('would be found in the ledger: a word of an event that is meant to be clear is', async () => {
    const others = new Canaries();
    const reason = others.plant('a reason', 'canary: the reason of an operator');
    const email = people.at(-1)?.email ?? '';
    await admin(['account', 'lock', '--email', email, '--reason', reason]);
    const found = others.findInFiles(folder).map(({ where }) => where);
    expect(found.length).toBeGreaterThan(0);
    // Operators read it in the timeline.
    expect(found.some((where) => where.startsWith('ledger.sqlite'))).toBe(true);
    expect(found.filter((where) => !/^(ledger|views)\.sqlite/.test(where))).toEqual([]);
  });

  it('are in none of the files after a stop either', async () => {
    expect(await service.stop()).toBe(0);
    expect(canaries.findInFiles(folder, keepers)).toEqual([]);
    expect(canaries.find('standard error', service.stderr())).toEqual([]);
  });
});
