// The auditor's command beside a running service, and on its data after somebody changed it.
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@sallyport/adapter-sqlite';
import { verbs } from '../../apps/auditor/src/grammar.js';
import { main, run, type Ran } from './audit-command.js';
import { UnderTest, type SignedIn } from './under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-auditor-spec-'));
const keyFile = join(folder, 'keys', 'anchor.key');
const anchorFile = join(folder, 'anchor.json');
const anyRules = join(folder, 'rules.yaml');
let service: UnderTest;
let person: { accountId: string };
let phone: SignedIn;
let bearer: SignedIn;

beforeAll(async () => {
  writeFileSync(anyRules, '');
  service = await UnderTest.start();
  const opened = await service.newPerson();
  person = opened;
  phone = await service.phone('phone', { person: opened });
  bearer = await service.bearer('bearer', { person: opened });
});
afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** On the service's data, or on a copy of it. */
function audit(verb: string, ...args: string[]): Promise<Ran> {
  const named = args.includes('--data-dir') ? [] : ['--data-dir', service.target.dataDir];
  return run([verb, ...named, ...args]);
}

interface Document {
  readonly position?: string;
  readonly events?: number;
  readonly sessions?: readonly { readonly sessionId: string }[];
  readonly timeline?: readonly object[];
}

async function document(ran: Promise<Ran>, code = 0): Promise<Document> {
  const { out, err, ...ended } = await ran;
  expect({ ...ended, err }).toEqual({ code, err: code === 0 ? '' : err });
  return JSON.parse(out) as Document;
}

/** A copy of the data as it is while nobody writes, with one of its files changed. */
function altered(file: string, change: (path: string) => void): string {
  const copy = mkdtempSync(join(folder, 'data-'));
  for (const name of ['ledger.sqlite', 'views.sqlite']) {
    const db = new Database(join(service.target.dataDir, name), { readonly: true });
    db.prepare('VACUUM INTO ?').run(join(copy, name));
    db.close();
  }
  change(join(copy, file));
  return copy;
}

function changed(sql: string): (path: string) => void {
  return (path) => {
    const db = new Database(path);
    db.exec(sql);
    db.close();
  };
}

describe('the command', () => {
  it.each([[], ['--help'], ['help'], ...Object.keys(verbs).map((verb) => [verb, '--help'])])(
    'explains itself: %s %s',
    async (...args) => {
      const { code, out, err } = await run(args.filter((arg) => arg !== undefined));
      expect({ code, err }).toEqual({ code: 0, err: '' });
      for (const verb of args.length < 2 ? Object.keys(verbs) : []) expect(out).toContain(`  ${verb}`);
      expect(out).toMatch(/^npm run auditor -- /);
    },
  );

  it.each([
    ['a verb that there is not', ['change']],
    ['an option that the verb does not have', ['verify', '--account', 'x']],
    ['a missing option', ['state']],
    ['an empty option', ['state', '--account', '']],
    ['a moment that is none', ['state', '--account', 'x', '--at', 'yesterday']],
    ['a format that is none', ['export', '--format', 'xml']],
    ['a document beside an export', ['export', '--json']],
    ['a key without an anchor', ['verify', '--key', 'x']],
    ['an anchor that is not there', ['verify', '--anchor', join(folder, 'nowhere')]],
    ['an anchor that is none', ['verify', '--anchor', main]],
    ['a rule set that is not there', ['rules', '--config', join(folder, 'nowhere')]],
    ['a rule set that is none', ['rules', '--config', main]],
  ])('exits with 2 for %s', async (_, args) => {
    const { code, err } = await audit(args[0] as string, ...args.slice(1));
    expect(code).toBe(2);
    expect(err).not.toMatch(/^ +at /m);
    const { out } = await audit(args[0] as string, ...args.slice(1), '--json');
    expect(JSON.parse(out)).toMatchObject({ error: 'usage' });
  });

  it.each(Object.keys(verbs))('exits with 3 where there is no data: %s', async (verb) => {
    const needs = { account: 'x', out: join(folder, 'never'), config: anyRules };
    const more = verbs[verb as keyof typeof verbs].needs.flatMap((name) => [`--${name}`, needs[name]]);
    const { code, out, err } = await run([verb, ...more, '--json', '--data-dir', folder].filter((arg) => {
      return verb !== 'export' || arg !== '--json';
    }));
    expect(code).toBe(3);
    expect(err).toMatch(/There is no ledger.sqlite/);
    if (verb !== 'export') expect(JSON.parse(out)).toMatchObject({ error: 'unavailable' });
  });
});

describe('beside the running service', () => {
  it('verifies, replays and anchors while requests are answered', async () => {
    let isOver = false;
    const load = (async () => {
      let [token, other] = [phone.first, bearer.first];
      while (!isOver) [token, other] = [await phone.rotate(token), await bearer.rotate(other)];
    })();
    try {
      expect(await document(audit('verify', '--json'))).toMatchObject({ holds: true, problemCount: 0 });
      const replayed = await document(audit('replay', '--json'));
      expect(replayed).toMatchObject({ holds: true, differenceCount: 0 });
      const args = ['--out', anchorFile, '--signing-key', keyFile, '--json'];
      expect(await document(audit('anchor', ...args))).toMatchObject({ holds: true, keyIsNew: true });
    } finally {
      isOver = true;
      await load;
    }
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect((await audit('verify')).out).toMatch(/events in \d+ streams.*\nholds\n$/);
  });

  it('holds the ledger against the anchor, and the anchor against a key', async () => {
    const { publicKey } = JSON.parse(readFileSync(anchorFile, 'utf8')) as { publicKey: string };
    const held = await audit('verify', '--anchor', anchorFile, '--key', publicKey);
    expect(held).toMatchObject({ code: 0, err: '' });
    expect(held.out).toMatch(/holds, as anchored on/);
    expect(held.out).not.toContain('not compared');
    expect((await audit('verify', '--anchor', anchorFile)).out).toContain('not compared with one you know');
    const other = await audit('verify', '--anchor', anchorFile, '--key', 'another');
    expect(other).toMatchObject({ code: 1, out: expect.stringContaining('not another') as string });
  });

  it('keeps what it wrote, and takes no key that others may read', async () => {
    const again = await audit('anchor', '--out', anchorFile, '--signing-key', keyFile);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') as string });
    chmodSync(keyFile, 0o644);
    const open = await audit('anchor', '--out', join(folder, 'b'), '--signing-key', keyFile);
    expect(open).toMatchObject({ code: 2, err: expect.stringContaining('Others may read') as string });
    chmodSync(keyFile, 0o600);
  });

  it('says who could act when, as the service would have answered', async () => {
    const { accountId } = person;
    const before = await document(audit('verify', '--json'));
    await service.target.operator.lock(accountId);
    const refused = await phone.refresh(phone.first);
    const at = before.position ?? '';
    const then = await document(audit('state', '--account', accountId, '--at', at, '--json'));
    expect(then).toMatchObject({ signIn: 'accepted', account: { status: 'open' } });
    const of = ({ sessions = [] }: Document, { ids }: SignedIn) =>
      sessions.find(({ sessionId }) => sessionId === ids.sid);
    expect(of(then, phone)).toMatchObject({ standing: { status: 'active' }, refresh: { outcome: 'tokens' } });
    const now = await document(audit('state', '--account', accountId, '--json'));
    expect(now).toMatchObject({ signIn: 'locked' });
    const { error, reason } = refused.body;
    expect(of(now, phone)).toMatchObject({ refresh: { outcome: error, reason } });
    expect(of(now, phone)).toMatchObject({ state: { jkt: phone.granted.key?.thumbprint } });
    expect(of(now, bearer)).toMatchObject({ refresh: { outcome: 'invalid_grant' } });
    const words = (await audit('state', '--account', accountId)).out;
    expect(words).toMatch(/could act +nobody\n/);
    expect(words).toContain('refused: locked');
  });

  it('tells what happened, in words and as documents', async () => {
    const { accountId } = person;
    const { out } = await audit('timeline', '--account', accountId);
    const order = ['The account was opened', 'Signed in with phone on device', 'The account was locked'];
    expect(out).toMatch(new RegExp(order.join('.*\n(.*\n)*.*')));
    const told = await document(audit('timeline', '--account', accountId, '--every', '--json'));
    expect(told.timeline?.length).toBeGreaterThan(out.split('\n').length);
  });

  it('exports without credentials', async () => {
    const file = join(folder, 'events.csv');
    const csv = ['--format', 'csv', '--out', file, '--type', 'account.', '--json'];
    const told = await document(audit('export', ...csv));
    const written = readFileSync(file, 'utf8');
    expect(written.split('\r\n')).toHaveLength(Number(told.events) + 2);
    const { out, code } = await audit('export', '--account', person.accountId, '--personal');
    expect(code).toBe(0);
    const events = out.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.some(({ personal }) => typeof personal === 'string')).toBe(true);
    for (const text of [written, out]) expect(text).not.toMatch(/"credential"|argon2/);
  });
});

describe('on data that somebody changed', () => {
  const cut = 'DELETE FROM events WHERE position > 5; DELETE FROM heads WHERE stream_id > 5';

  it.each([
    ['an event changed', `UPDATE events SET recorded_at = '2020-01-01T00:00:00.000Z' WHERE position = 3`],
    ['an event removed', 'DELETE FROM events WHERE position = 3'],
    ['the end cut off', cut],
  ])('verify exits with 1: %s', async (_, sql) => {
    const free = 'DROP TRIGGER events_stay; DROP TRIGGER events_keep;';
    const copy = altered('ledger.sqlite', changed(`${free} ${sql}`));
    const found = await document(audit('verify', '--anchor', anchorFile, '--data-dir', copy, '--json'), 1);
    expect(found).toMatchObject({ holds: false });
    // Without an anchor, what was cut off cannot be seen to be missing.
    if (sql === cut) return;
    const anew = ['--out', join(folder, 'never'), '--signing-key', keyFile, '--data-dir', copy];
    expect((await audit('anchor', ...anew)).code).toBe(1);
  });

  it('replay exits with 1 and names the row', async () => {
    const copy = altered('views.sqlite', changed(`UPDATE "account:1" SET owner = 'somebody else'`));
    const { code, out } = await audit('replay', '--data-dir', copy);
    expect(code).toBe(1);
    expect(out).toContain(`account ${person.accountId} differs in owner`);
  });

  it('every verb exits with 1 on a ledger that cannot be read', async () => {
    const copy = altered('ledger.sqlite', (file) => {
      const bytes = readFileSync(file);
      bytes.fill(0x41, 4_096 * 3);
      writeFileSync(file, bytes);
    });
    for (const args of [['verify'], ['timeline', '--account', 'x'], ['export']] as const) {
      const { code, err } = await audit(args[0], ...args.slice(1), '--data-dir', copy);
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(err).not.toMatch(/^ +at /m);
    }
  });

  it('exits with 3 on files of another kind, and on one written by a newer version', async () => {
    const none = altered('ledger.sqlite', (file) => writeFileSync(file, 'no database'.repeat(100)));
    expect((await audit('verify', '--data-dir', none)).code).toBe(1);
    const newer = altered('ledger.sqlite', changed('PRAGMA user_version = 99'));
    const { code, err } = await audit('verify', '--data-dir', newer);
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringContaining('newer version') as string });
    const other = altered('ledger.sqlite', (file) => cpSync(join(file, '..', 'views.sqlite'), file));
    expect((await audit('verify', '--data-dir', other)).code).toBe(3);
  });
});
