// Graded decisions about an account: what they do, that each is enforced once, and what a clearing clears.
import { account, accountEvents, given, otherSessionId, phone, sessionId } from '@sallyport/testing';
import type { Given, Outcome } from '@sallyport/testing';
import { carriedAccount } from './account-events.js';
import type { AccountState } from './account-events.js';
import * as enforce from './account-enforcement.js';
import { changePassword, eraseAccount, revokeAllSessions, revokeDevice } from './account.js';
import type { AccountAt, AccountDecision } from './account.js';
import { holdsOn, maxSessionHolds } from './account-holds.js';
import type { NewHold } from './account-holds.js';
import { accountFold } from './folds.js';
import type { RuleDecision } from './rule-decisions.js';

type Account = AccountState | undefined;
type Decided = Outcome<Account, AccountDecision>;

const nobody = given(accountFold);
const alice = given(accountFold, ...accountEvents);
const reason = 'impossible travel';
const rule = 'impossible-travel';
const onSession: NewHold = { id: 'hold-1', sessionId, deviceId: phone.id, reason, rule };
const onAccount = { id: 'hold-2', sessionId: undefined, deviceId: undefined };

const decided = (trigger: string, by = rule): RuleDecision => {
  return { id: `${by}-${trigger}`, rule: by, ruleSet: 'rs', trigger };
};
const order = (from: Given<Account>, decision: (at: AccountAt) => AccountDecision): Decided =>
  from.when((state, revision) => decision({ account: state, revision }));
const hold = (from: Given<Account>, changes: Partial<NewHold> = {}, decision?: RuleDecision): Decided => {
  const ordered = JSON.parse(JSON.stringify({ ...onSession, ...changes })) as NewHold;
  return order(from, (at) => enforce.holdSensitiveActions(at, { hold: ordered, decision }));
};
const release = (from: Given<Account>, how: { holdId?: string; seen?: string } = {}): Decided =>
  order(from, (at) => enforce.releaseHold(at, { cause: 'operator', reason, ...how }));
const stepUp = (from: Given<Account>, marker = from.revision, deviceId = phone.id): Decided =>
  order(from, (at) => enforce.stepUp(at, { deviceId, marker }));
const reauthenticate = (from: Given<Account>, decision?: RuleDecision): Decided =>
  order(from, (at) => enforce.requireReauthentication(at, { reason, decision }));
const lock = (from: Given<Account>, decision?: RuleDecision): Decided =>
  order(from, (at) => enforce.lockAccount(at, { reason, decision }));
const unlock = (from: Given<Account>, seen?: string): Decided =>
  order(from, (at) => enforce.unlockAccount(at, { reason, seen }));
const erase = (from: Given<Account>): Decided => order(from, (at) => eraseAccount(at, {}));
const held = (from: Given<Account>, of = sessionId): string[] =>
  holdsOn(from.state ?? {}, of).map(({ id }) => id);

describe('holding sensitive actions', () => {
  it('holds one session, or every session of the account', () => {
    const session = hold(alice).happens('account.sensitive-actions-held');
    expect([held(session), held(session, otherSessionId)]).toEqual([['hold-1'], []]);
    const all = hold(alice, onAccount);
    expect([held(all), held(all, otherSessionId)]).toEqual([['hold-2'], ['hold-2']]);
  });

  it('says since when, by which rule, and on what trigger', () => {
    const [inForce] = hold(alice, {}, decided('90')).state?.holds ?? [];
    expect(inForce).toEqual({ ...onSession, revision: 2, trigger: '90' });
  });

  it('keeps one hold per scope and rule, the newest', () => {
    const twice = hold(hold(alice), { id: 'hold-3' }).happens('account.sensitive-actions-held');
    expect(twice.state?.holds).toEqual([{ ...onSession, id: 'hold-3', revision: 3 }]);
    expect(held(hold(hold(alice), { id: 'by hand', rule: undefined }))).toEqual(['hold-1', 'by hand']);
  });

  it('holds the whole account once as many sessions are held as can be', () => {
    let from: Given<Account> = alice;
    for (let n = 0; n < maxSessionHolds; n += 1) from = hold(from, { id: `h${n}`, sessionId: `s${n}` });
    expect(held(from, 'another')).toEqual([]);
    const more = hold(from, { id: 'wide', sessionId: 'another' }).happens('account.sensitive-actions-held');
    expect(held(more, 'yet another')).toEqual(['wide']);
    expect(hold(from, { id: 'newer', sessionId: 's0' }).state?.holds).toHaveLength(maxSessionHolds);
    const roomy = order(from, (at) =>
      enforce.holdSensitiveActions(at, { hold: { ...onSession, sessionId: 'another' }, over: ['s3'] }),
    ).happens('account.hold-released', 'account.sensitive-actions-held');
    expect([held(roomy, 's3'), held(roomy, 'another'), held(roomy, 'nobody')]).toEqual([[], ['hold-1'], []]);
  });

  it('is possible on a locked account, refused where there is none any more', () => {
    expect(held(unlock(hold(lock(alice))))).toEqual(['hold-1']);
    hold(nobody).isRefused({ refusal: 'account_unknown' });
    hold(erase(alice)).isRefused({ refusal: 'account_not_open' });
  });
});

describe('the holds of a session', () => {
  it('end with it', () => {
    const both = hold(hold(alice), onAccount);
    const left = (end: (at: AccountAt) => AccountDecision) => held(order(both, end));
    expect(left((at) => revokeAllSessions(at, {}))).toEqual(['hold-2']);
    expect(left((at) => changePassword(at, { credential: 'x' }))).toEqual(['hold-2']);
    expect(left((at) => revokeDevice(at, { deviceId: phone.id, cause: 'user' }))).toEqual(['hold-2']);
    expect(held(reauthenticate(both))).toEqual(['hold-2']);
    expect(held(lock(both))).toEqual(['hold-2']);
  });

  it('go on with it when it is spared', () => {
    const spared = order(hold(alice), (at) => revokeAllSessions(at, { except: sessionId }));
    expect(held(spared)).toEqual(['hold-1']);
    const others = order(hold(alice), (at) => revokeAllSessions(at, { except: otherSessionId }));
    expect(held(others)).toEqual([]);
  });
});

describe('releasing holds', () => {
  const both = hold(hold(alice), onAccount);

  it('releases the one that is named, or all', () => {
    expect(held(release(both, { holdId: 'hold-1' }).happens('account.hold-released'))).toEqual(['hold-2']);
    const none = release(both).happens('account.hold-released', 'account.hold-released');
    expect(none.state).not.toHaveProperty('holds');
  });

  it('is refused for a hold that is not in force, and quiet where none is', () => {
    release(both, { holdId: 'hold-9' }).isRefused({ refusal: 'hold_unknown' });
    release(release(both), { holdId: 'hold-1' }).isRefused({ refusal: 'hold_unknown' });
    release(alice).staysQuiet();
    release(nobody).isRefused({ refusal: 'account_unknown' });
  });
});

describe('step-up', () => {
  it("releases the holds of the device's sessions, not the account's", () => {
    const both = hold(hold(alice), onAccount);
    const after = stepUp(both).happens('account.hold-released');
    expect(after.events[0]?.data).toMatchObject({ holdId: 'hold-1', cause: 'step_up' });
    expect(held(after)).toEqual(['hold-2']);
  });

  it('takes an authentication that came after the hold, on the same device', () => {
    stepUp(hold(alice), 1).staysQuiet();
    stepUp(hold(alice), 2).happens('account.hold-released');
    stepUp(hold(alice), 2, 'another device').staysQuiet();
    stepUp(hold(alice, { deviceId: undefined }), 2).staysQuiet();
    stepUp(alice).staysQuiet();
  });

  it('is refused on a locked account', () => {
    stepUp(lock(hold(alice))).isRefused({ refusal: 'account_not_open' });
  });
});

describe('requiring a new sign-in', () => {
  it('ends every session with a reason of its own', () => {
    const required = reauthenticate(alice, decided('90')).happens('account.reauthentication-required');
    expect(required.state).toMatchObject({
      status: 'open',
      ends: { revision: 2, fact: 'reauthentication_required' },
      enforced: { [rule]: '90' },
    });
  });

  it('is refused where there is no account any more', () => {
    reauthenticate(nobody).isRefused({ refusal: 'account_unknown' });
    reauthenticate(erase(alice)).isRefused({ refusal: 'account_not_open' });
    reauthenticate(lock(alice)).happens('account.reauthentication-required');
  });
});

describe("a rule's decision", () => {
  const acts = [
    ['hold', hold],
    ['ask for a sign-in', (from: Given<Account>, _: object, by: RuleDecision) => reauthenticate(from, by)],
    ['lock', (from: Given<Account>, _: object, by: RuleDecision) => lock(from, by)],
  ] as const;

  it.each(acts)('to %s happens once, and an older one not at all', (_name, act) => {
    const once = act(alice, {}, decided('100'));
    expect(once.events).toHaveLength(1);
    act(once, {}, decided('100')).staysQuiet();
    act(once, {}, decided('99')).staysQuiet();
    expect(act(once, {}, decided('101')).events).toHaveLength(1);
    expect(act(once, {}, decided('99', 'another-rule')).events).toHaveLength(1);
  });

  it('compares positions as numbers, and has room for a rule of any name', () => {
    expect(lock(hold(alice, {}, decided('99')), decided('100')).state?.enforced).toEqual({ [rule]: '100' });
    lock(hold(alice, {}, decided('100')), decided('99')).staysQuiet();
    expect(lock(alice, decided('7', 'constructor')).events).toHaveLength(1);
  });

  it('does nothing again on the same evidence after an operator has released the hold', () => {
    const released = release(hold(alice, {}, decided('100')));
    hold(released, {}, decided('100')).staysQuiet();
    hold(released, {}, decided('101')).happens('account.sensitive-actions-held');
    const seen = release(hold(alice, {}, decided('100')), { seen: '140' });
    hold(seen, {}, decided('140')).staysQuiet();
    hold(seen, {}, decided('141')).happens('account.sensitive-actions-held');
    hold(release(hold(alice, {}, decided('100')), { seen: '50' }), {}, decided('100')).staysQuiet();
  });

  it('does nothing again on the same evidence after an operator has unlocked the account', () => {
    const unlocked = unlock(lock(alice, decided('100')));
    expect(unlocked.state).not.toHaveProperty('lockedBy');
    lock(unlocked, decided('100')).staysQuiet();
    lock(unlocked, decided('101')).happens('account.locked');
    lock(unlock(lock(alice, decided('100')), '140'), decided('140')).staysQuiet();
  });

  it('to lock is noted also where the account is locked, or the unlocking would not clear it', () => {
    const byHand = lock(alice);
    lock(byHand).staysQuiet();
    const byRule = lock(byHand, decided('100')).happens('account.locked');
    const byBoth = lock(byRule, decided('7', 'another-rule'));
    expect(byBoth.state?.lockedBy).toEqual([rule, 'another-rule']);
    const unlocked = unlock(byBoth, '120');
    expect(unlocked.state?.enforced).toEqual({ [rule]: '120', 'another-rule': '120' });
    lock(unlocked, decided('100')).staysQuiet();
  });

  it("is not cleared by an unlocking of another rule's lock", () => {
    const unlocked = unlock(lock(alice, decided('100')), '140');
    lock(unlocked, decided('120', 'another-rule')).happens('account.locked');
  });
});

describe('a state that was carried before there were holds', () => {
  it('is read as it is: nothing held, nothing enforced', () => {
    const [, linked] = accountEvents;
    const old = carriedAccount(linked);
    expect(old).toEqual(account);
    for (const name of ['holds', 'travel', 'trustedDevices', 'enforced', 'lockedBy']) {
      expect(old).not.toHaveProperty(name);
    }
    expect(holdsOn(old ?? {}, sessionId)).toEqual([]);
  });
});
