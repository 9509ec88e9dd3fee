// Graded decisions on real streams, with two processes over one store: once per decision, and what ends them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangePassword,
  EraseAccount,
  FlagSession,
  HoldSensitiveActions,
  LockAccount,
  OpenAccount,
  ReadAccount,
  ReleaseHold,
  RequireReauthentication,
  RevokeDevice,
  RevokeSession,
  RotateKey,
  UnlockAccount,
} from '@sallyport/feature-ledger';
import type { LedgerError, Ordered } from '@sallyport/feature-ledger';
import { SqliteFeed } from '@sallyport/adapter-sqlite';
import type { AccountState, LinkedDevice, RuleDecision } from '@sallyport/core-session';
import { LocalService, openGround } from '../tools/model/local-service.js';
import type { Ground } from '../tools/model/local-service.js';
import { ledgerProblems } from '../tools/races/ledger-problems.js';
import { holder, keep, ordered, Processes } from '../tools/races/person.js';
import type { Held, Person } from '../tools/races/person.js';
import { Random } from '../tools/races/random.js';

let directory: string;
let ground: Ground;
let services: LocalService[];
let by: Processes;
let person: Person;
let phone: Held;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-graded-'));
  ground = openGround(directory, { synchronous: 'OFF' });
  services = [await LocalService.start(ground), await LocalService.start(ground)];
  by = new Processes(services, new Random(4));
  person = await by.openAccount();
  phone = await by.session(await by.authenticate(person), true);
});
afterEach(async () => {
  for (const service of services) await service.stop();
  expect((await ledgerProblems(SqliteFeed.of(ground.store))).problems).toEqual([]);
  await ground.store.close();
  await ground.secrets.close();
  rmSync(directory, { recursive: true });
});

const reason = 'impossible travel';
const rule: Ordered = { ...ordered, actor: { kind: 'rule', id: 'impossible-travel' } };
const decided = (trigger: string): RuleDecision => {
  return { id: `d-${trigger}`, rule: 'impossible-travel', ruleSet: 'rs', trigger };
};
/** The short names of the account's events. */
const history = async (stream = `account-${person.accountId}`): Promise<string[]> => {
  const events = await ground.store.read(stream, 0, 1000);
  return events.map(({ type }) => type.slice(type.indexOf('.') + 1));
};
const account = async (): Promise<AccountState> => {
  const found = await by.any.queries.execute(new ReadAccount({ id: person.accountId }));
  return found?.account as AccountState;
};
const holds = async (): Promise<string[]> => ((await account()).holds ?? []).map(({ id }) => id);
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: LedgerError) => error.code,
  );
const hold = (decision: RuleDecision, sessionId?: string): Promise<unknown> => {
  const input = { accountId: person.accountId, sessionId, reason, decision };
  return by.any.commands.execute(new HoldSensitiveActions(input, rule));
};
/** The held device signs in again, with its own key. */
const signInOnPhone = async (authentication = by.authenticate(person)): Promise<void> => {
  const code = await by.code(await authentication, phone.key);
  expect(keep(holder(code), await by.exchange(code))).toBe(true);
};

describe("a rule's decision", () => {
  it('that comes twice, at two processes at once and again later, is one event by that rule', async () => {
    await Promise.all([hold(decided('100')), hold(decided('100')), hold(decided('100'))]);
    await hold(decided('99'));
    expect((await history()).filter((type) => type === 'sensitive-actions-held')).toHaveLength(1);
    const last = (await ground.store.readBack(`account-${person.accountId}`, 1))[0];
    expect(last?.actor).toEqual({ kind: 'rule', id: 'impossible-travel' });
  });

  it("does nothing after an operator's release or unlocking on the same evidence", async () => {
    const { accountId } = person;
    await hold(decided('100'));
    await by.any.commands.execute(new ReleaseHold({ accountId, cause: 'operator', reason }, ordered));
    await hold(decided('100'));
    expect(await holds()).toEqual([]);
    const lock = () =>
      by.any.commands.execute(new LockAccount({ accountId, reason, decision: decided('200') }, rule));
    await lock();
    await by.any.commands.execute(new UnlockAccount({ accountId, reason, seen: '300' }, ordered));
    await lock();
    await hold(decided('300'));
    expect((await account()).status).toBe('open');
    expect((await history()).slice(-4)).toEqual([
      'sensitive-actions-held',
      'hold-released',
      'locked',
      'unlocked',
    ]);
  });

  it('to sign in anew ends every session, and says so', async () => {
    const input = { accountId: person.accountId, reason, decision: decided('100') };
    await by.any.commands.execute(new RequireReauthentication(input, rule));
    const answer = await by.refresh(phone, phone.refreshTokens[0] as string);
    expect(answer).toMatchObject({ error: 'invalid_grant', reason: 'reauthentication_required' });
    await signInOnPhone();
  });

  it('to flag a session does so once, and for nobody else', async () => {
    const input = { accountId: person.accountId, sessionId: phone.sessionId, flag: 'anomaly' as const };
    for (let n = 0; n < 3; n += 1) await by.any.commands.execute(new FlagSession(input, rule));
    expect(await history(`session-${phone.sessionId}`)).toEqual(['started', 'flagged']);
    const foreign = new FlagSession({ ...input, accountId: 'somebody else' }, rule);
    expect(await codeOf(by.any.commands.execute(foreign))).toBe('session_unknown');
  });
});

describe('a session that is held', () => {
  it('is free again once its device has signed in anew', async () => {
    await hold(decided('100'), phone.sessionId);
    expect(await holds()).toEqual(['d-100']);
    await signInOnPhone();
    expect(await holds()).toEqual([]);
    expect((await history()).at(-1)).toBe('hold-released');
    expect(await by.refresh(phone, phone.refreshTokens[0] as string)).toMatchObject({ kind: 'tokens' });
  });

  it('stays held through a sign-in that began before, on another device, or without a key', async () => {
    const before = by.authenticate(person);
    await before;
    await hold(decided('100'), phone.sessionId);
    await signInOnPhone(before);
    await by.session(await by.authenticate(person), true);
    await by.session(await by.authenticate(person), false);
    expect(await holds()).toEqual(['d-100']);
  });

  it('cannot be held for another account; a hold of the account outlives sign-ins', async () => {
    const other = await by.openAccount();
    const input = { accountId: other.accountId, sessionId: phone.sessionId, reason };
    const foreign = new HoldSensitiveActions(input, rule);
    expect(await codeOf(by.any.commands.execute(foreign))).toBe('session_unknown');
    await hold(decided('100'));
    await signInOnPhone();
    expect(await holds()).toEqual(['d-100']);
  });

  it('makes room, once it has ended, for another', async () => {
    const tablets: Held[] = [];
    for (let n = 0; n < 16; n += 1) tablets.push(await by.session(await by.authenticate(person), false));
    for (const [n, tablet] of tablets.entries()) await hold(decided(String(100 + n)), tablet.sessionId);
    const end = { sessionId: tablets[3]?.sessionId as string, cause: 'user' as const };
    await by.any.commands.execute(new RevokeSession(end, ordered));
    await hold(decided('200'), phone.sessionId);
    const { holds: inForce = [] } = await account();
    expect(inForce).toHaveLength(16);
    expect(inForce.every(({ sessionId }) => sessionId !== undefined)).toBe(true);
    await hold(decided('201'), (await by.session(await by.authenticate(person), false)).sessionId);
    expect((await account()).holds?.at(-1)).not.toHaveProperty('sessionId');
  });
});

describe('an order of a person whose session has ended meanwhile', () => {
  const asking = (): Ordered => ({
    actor: { kind: 'user', id: person.accountId },
    correlationId: ordered.correlationId,
    sessionId: phone.sessionId,
  });
  const newPassword = 'another long password';
  const endSession = async (): Promise<void> => {
    const end = { sessionId: phone.sessionId, cause: 'user' as const };
    await services[0]?.commands.execute(new RevokeSession(end, ordered));
  };

  it('to change the password or to erase the account is refused, and nothing happens', async () => {
    const { accountId, password: currentPassword } = person;
    await endSession();
    const before = await history();
    const change = new ChangePassword({ accountId, currentPassword, newPassword }, asking());
    expect(await codeOf(by.any.commands.execute(change))).toBe('session_ended');
    const erase = new EraseAccount({ accountId }, asking());
    expect(await codeOf(by.any.commands.execute(erase))).toBe('session_ended');
    expect(await history()).toEqual(before);
    expect((await by.signIn(person)).kind).toBe('authenticated');
  });

  it('is refused however late the end comes before the append, also at another process', async () => {
    const { accountId } = person;
    const append = ground.store.append.bind(ground.store);
    let ended = false;
    ground.store.append = async (order) => {
      if (order.stream === `account-${accountId}` && !ended) {
        ended = true;
        await endSession();
      }
      return append(order);
    };
    const change = new ChangePassword({ accountId, newPassword }, asking());
    expect(await codeOf((services[1] as LocalService).commands.execute(change))).toBe('session_ended');
    expect(ended).toBe(true);
    expect(await history()).toEqual(['opened', 'device-linked']);
  });

  it('is carried out while it may act', async () => {
    const { accountId } = person;
    const change = new ChangePassword({ accountId, newPassword, except: phone.sessionId }, asking());
    expect(await codeOf(by.any.commands.execute(change))).toBe('done');
    expect(await by.refresh(phone, phone.refreshTokens[0] as string)).toMatchObject({ kind: 'tokens' });
  });
});

describe('a device that was revoked first', () => {
  it('can be reported lost afterwards, and its key is refused for good', async () => {
    const { accountId } = person;
    const { id: deviceId } = (await account()).devices[0] as LinkedDevice;
    const revoke = (cause: 'user' | 'lost') =>
      by.any.commands.execute(new RevokeDevice({ accountId, deviceId, cause }, ordered));
    await revoke('user');
    expect(await codeOf(revoke('user'))).toBe('device_unknown');
    await signInOnPhone();
    await revoke('lost');
    expect(await account()).toMatchObject({ devices: [], lostKeys: [expect.any(String)] });
    const code = await by.code(await by.authenticate(person), phone.key);
    expect(await by.exchange(code)).toMatchObject({ error: 'invalid_grant', reason: 'device_key_lost' });
    const unknown = new RevokeDevice({ accountId, deviceId: 'never-linked', cause: 'lost' }, ordered);
    expect(await codeOf(by.any.commands.execute(unknown))).toBe('device_unknown');
  });
});

describe('refused uses of a token', () => {
  /** A stranger with the token tries it with his own key, at one process. */
  const tryStolen = async (): Promise<void> => {
    const one = new Processes([services[0] as LocalService], new Random(1));
    const thief = { ...(await one.session(await one.authenticate(await one.openAccount()), true)) };
    const stolen = { ...phone, key: thief.key };
    for (let n = 0; n < 4; n += 1) await one.refresh(stolen, phone.refreshTokens[0] as string);
  };
  const recorded = async (): Promise<number> => {
    // What waits for its interval is recorded at the end of the process.
    await services.shift()?.stop();
    return (await history(`session-${phone.sessionId}`)).filter((type) => type === 'reuse-detected').length;
  };

  it('are recorded once, and then counted per interval, while the session may act', async () => {
    await tryStolen();
    expect(await recorded()).toBe(2);
  });

  it('of a session that is over are recorded once, however often and long they come', async () => {
    const end = { sessionId: phone.sessionId, cause: 'user' as const };
    await services[0]?.commands.execute(new RevokeSession(end, ordered));
    await tryStolen();
    expect(await recorded()).toBe(1);
  });
});

describe("an operator's reason", () => {
  it('is kept where an account is opened and where keys are rotated', async () => {
    const open = new OpenAccount({ email: 'b@example.org', password: 'a long password', reason }, ordered);
    const { accountId } = await by.any.commands.execute(open);
    expect((await ground.store.read(`account-${accountId}`, 0, 1))[0]?.data).toMatchObject({ reason });
    await by.any.commands.execute(new RotateKey({ purpose: 'signing', reason: 'leaver' }, ordered));
    const keys = await ground.store.read('keys', 0, 1000);
    const made = keys.filter(({ data }) => data['reason'] === 'leaver').map(({ type }) => type);
    expect(made).toEqual(expect.arrayContaining(['keys.created', 'keys.activated']));
  });
});
