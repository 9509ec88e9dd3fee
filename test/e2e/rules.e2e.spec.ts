// The rules at work in a running service, over HTTP and by the operators' command.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventStore } from '@sallyport/adapter-sqlite';
import { newId } from '../tools/client/index.js';
import type { App } from '../tools/client/index.js';
import { addresses, decisionsOn, holdsOf, judged } from '../tools/drill/judgement.js';
import { metricOf, rulesThatFired, until } from '../tools/drill/judgement.js';
import { idsOf, Stage, type Account } from '../tools/drill/stage.js';
import { Report } from '../tools/report.js';
import { repositoryRoot } from '../tools/repository.js';
import { OwnTarget } from '../tools/target/target.js';

const { zurich, singapore } = addresses;
const rulesFiles = ['rules.sqlite', 'rules.sqlite-wal', 'rules.sqlite-shm'];

let target: OwnTarget;
let stage: Stage;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-rules-'));
  target = await OwnTarget.start({ env: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' } });
  stage = await Stage.build(target, new Report({ tool: 'rules', json: true }));
}, 60_000);
afterAll(async () => {
  await target.stop();
  rmSync(folder, { recursive: true });
});

type Json = Readonly<Record<string, unknown>>;

/** What the operators' command says, as JSON. */
function admin(...words: string[]): { readonly code: number | null; readonly answer: Json } {
  const who = ['--data-dir', target.dataDir, '--operator', 'eve', '--json'];
  const all = ['apps/admin/admin.mjs', ...words, ...who];
  const surroundings = { cwd: repositoryRoot(), env: { ...process.env, NODE_OPTIONS: '' } };
  const { status, stdout } = spawnSync(process.execPath, all, { ...surroundings, encoding: 'utf8' });
  return { code: status, answer: JSON.parse(stdout) as Json };
}

function activate(rules: string): Json {
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, rules);
  return admin('rules', 'activate', '--file', file, '--reason', 'a try').answer;
}

/** Somebody at home, signed in on a phone. */
async function atHome(): Promise<{ person: Account; phone: App }> {
  const person = await stage.person(zurich);
  return { person, phone: await stage.phone(person) };
}

/** The same who is far away a moment later. */
async function farAway(): Promise<{ person: Account; phone: App }> {
  const { person, phone } = await atHome();
  phone.network.address = singapore;
  await phone.refresh();
  await judged(stage);
  return { person, phone };
}

/** Somebody who copied key and token rotates the session far away, and then its owner does at home. */
async function fork({ phone }: { readonly phone: App }): Promise<void> {
  const thief = await stage.newPhone({ key: phone.options.key });
  thief.store.restore({ ...phone.tokens, attempt: newId() });
  thief.network.address = singapore;
  await thief.refresh();
  await phone.refresh();
  await judged(stage);
}

describe('a finding', () => {
  it('stands in the list of its account and among the latest, with its evidence', async () => {
    const { person } = await farAway();
    const own = admin('finding', 'list', '--email', person.username).answer['findings'] as readonly Json[];
    const evidence = { country: 'SG', previousCountry: 'CH', minKm: 500, minKmh: 900 };
    const travel = own.find(({ rule }) => rule === 'impossible_travel');
    expect(travel).toMatchObject({ mode: 'enforce', severity: 'medium', evidence });
    // What all accounts share is written once a second.
    const ids = (): unknown[] => {
      const { findings } = admin('finding', 'list').answer as { findings: readonly Json[] };
      return findings.map(({ accountId, findingId }) => `${String(accountId)} ${String(findingId)}`);
    };
    const wanted = `${person.accountId} ${String(travel?.['findingId'])}`;
    await until(() => Promise.resolve(ids().includes(wanted)));
    expect(ids()).toContain(wanted);
  });

  it('holds sensitive actions of its session until the device itself signs in anew', async () => {
    const { person, phone } = await farAway();
    await phone.refresh();
    expect(await holdsOf(stage, phone)).toEqual(['session']);
    await stage.phone({ ...person, address: singapore });
    await judged(stage);
    expect(await holdsOf(stage, phone)).toEqual(['session']);
    await phone.signIn({ ...person, address: singapore });
    await judged(stage);
    expect(await holdsOf(stage, phone)).toEqual([]);
  });

  it('that is dismissed makes nothing stronger any more', async () => {
    const { person, phone } = await farAway();
    for (const { findingId } of await target.operator.findings(person.accountId)) {
      const id = ['--id', person.accountId, '--reason', 'they fly a lot'];
      expect(admin('finding', 'dismiss', ...id, '--finding', String(findingId)).code).toBe(0);
    }
    const { findings } = admin('finding', 'list', '--id', person.accountId).answer as { findings: Json[] };
    expect(findings.map(({ dismissed }) => dismissed)).toEqual(findings.map(() => 'they fly a lot'));
    await judged(stage);
    await fork({ phone });
    expect(await rulesThatFired(stage, person)).toContain('reuse_forked');
    expect(await decisionsOn(stage, person)).not.toContain('lock sent');
  });
});

describe('evidence that an operator has judged', () => {
  let before: string;

  /** The rules go back to what they remembered before, and read it all again. */
  async function readAgain(): Promise<void> {
    await target.restartOn((dataDir) => {
      for (const name of rulesFiles) {
        rmSync(join(dataDir, name), { force: true });
        cpSync(join(before, name), join(dataDir, name), { force: true, recursive: true });
      }
    });
    await judged(stage);
  }

  beforeAll(async () => {
    before = mkdtempSync(join(folder, 'before-'));
    await target.restartOn((dataDir) => {
      for (const name of rulesFiles) cpSync(join(dataDir, name), join(before, name), { recursive: true });
    });
  });

  it('does nothing again: neither locks after an unlocking, nor holds after a release', async () => {
    const [locked, held] = [await atHome(), await farAway()];
    await fork(locked);
    expect(await decisionsOn(stage, locked.person)).toContain('lock sent');
    await stage.signsOut('locked', locked.phone.refresh(), 'locked');
    expect(admin('account', 'unlock', '--id', locked.person.accountId, '--reason', 'a call').code).toBe(0);
    expect(admin('account', 'release', '--id', held.person.accountId, '--reason', 'a call').code).toBe(0);
    const streams = [locked, held].map(({ person }) => `account-${person.accountId}`);
    const told = await Promise.all(streams.map((stream) => target.ledger.history(stream)));
    await readAgain();
    expect(await metricOf(stage, 'sallyport_rule_decisions_total{action="lock",outcome="sent"}')).toBe(1);
    expect(await Promise.all(streams.map((stream) => target.ledger.history(stream)))).toEqual(told);
    expect(await holdsOf(stage, held.phone)).toEqual([]);
    await locked.phone.signIn(locked.person);
    expect(idsOf(locked.phone.tokens).sub).toBe(locked.person.accountId);
  });
});

describe('a rule set', () => {
  afterEach(async () => {
    activate('version: 1');
    await judged(stage);
  });

  it('counts from its activation on, without a restart', async () => {
    const { hash } = admin('rules', 'show').answer;
    const off = 'version: 1\nrules:\n  new_country: off\n  impossible_travel: off\n';
    expect(activate(off)).toMatchObject({ activated: true });
    await judged(stage);
    expect(admin('rules', 'show').answer['hash']).not.toBe(hash);
    expect(await rulesThatFired(stage, (await farAway()).person)).toEqual([]);
    activate('version: 1');
    await judged(stage);
    expect(admin('rules', 'show').answer['hash']).toBe(hash);
    expect(await rulesThatFired(stage, (await farAway()).person)).toContain('new_country');
  });

  it('that observes finds, and enforces nothing', async () => {
    activate('version: 1\nrules:\n  new_country: observe\n  impossible_travel: observe\n');
    await judged(stage);
    const { person, phone } = await farAway();
    const findings = await target.operator.findings(person.accountId);
    expect(findings.map(({ mode }) => mode)).toEqual(['observe', 'observe']);
    expect(await decisionsOn(stage, person)).toEqual(['step_up observed']);
    expect(await holdsOf(stage, phone)).toEqual([]);
  });

  it('with mistakes changes nothing, and is told all of them', async () => {
    const { hash } = admin('rules', 'show').answer;
    const wrong = activate('version: 1\nrules:\n  nothing: off\n  failures_account: { action: lock }\n');
    expect(JSON.stringify(wrong)).toMatch(/nothing.*failures_account/);
    expect(admin('rules', 'show').answer['hash']).toBe(hash);
  });
});

describe('an account whose event cannot be judged', () => {
  it('is listed, held and left alone by a retry that fails; others are judged', async () => {
    const { person, phone } = await atHome();
    await judged(stage);
    await target.restartOn((dataDir) => appendUnreadable(dataDir, person, idsOf(phone.tokens).sid));
    await judged(stage);
    const listed = { accountId: person.accountId, error: expect.any(String) };
    expect(admin('parked', 'list').answer['parked']).toMatchObject([listed]);
    expect(admin('parked', 'retry', '--id', person.accountId).code).toBe(0);
    await judged(stage);
    expect(admin('parked', 'list').answer['parked']).toMatchObject([listed]);
    expect(admin('account', 'show', '--id', person.accountId).answer['holds']).toMatchObject([
      { rule: 'consumer_parked' },
    ]);
    expect(await rulesThatFired(stage, (await farAway()).person)).toContain('new_country');
  });
});

/** An event that views can read and rules cannot: it carries no state. */
async function appendUnreadable(dataDir: string, { accountId }: Account, sid: string): Promise<void> {
  const store = SqliteEventStore.open({ file: join(dataDir, 'ledger.sqlite'), clock: Date });
  const context = { correlationId: 'a-spec', causationId: 'a-spec', actor: { kind: 'system' as const } };
  const type = 'session.stale-token-presented';
  const data = { presented: 0, count: 1 };
  const event = { id: randomUUID(), type, schemaVersion: 1, data, partitionKey: accountId, ...context };
  await store.append({ stream: `session-${sid}`, expected: 'any', events: [event], guards: [] });
  await store.close();
}
