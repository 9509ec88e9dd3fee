// Decisions about accounts: what happens, what is refused, and what stays quiet because it has happened
// already.
import {
  account,
  accountEvents,
  given,
  nameHash,
  openedMs,
  otherKey,
  otherSessionId,
} from '@sallyport/testing';
import { phone, phoneKey, sessionId } from '@sallyport/testing';
import type { Given, Outcome } from '@sallyport/testing';
import { carriedAccount, evolveAccount, maxUnlinkedRemembered } from './account-events.js';
import type { AccountEvent, AccountState } from './account-events.js';
import * as decide from './account.js';
import * as enforce from './account-enforcement.js';
import type { AccountAt, AccountDecision } from './account.js';
import { accountFold } from './folds.js';
import { maxDevicesPerAccount, maxLostKeys } from './policy.js';

type Account = AccountState | undefined;
type Decided = Outcome<Account, AccountDecision>;

const nobody = given(accountFold);
const alice = given(accountFold, ...accountEvents);
const reason = 'asked by phone';

/** Decides on the stream as it stands. */
function order(from: Given<Account>, decision: (at: AccountAt) => AccountDecision): Decided {
  return from.when((state, revision) => decision({ account: state, revision }));
}

const opening = { nowMs: openedMs, nameHash, credential: '$argon2id$example' };
const lock = (from: Given<Account>): Decided => order(from, (at) => enforce.lockAccount(at, { reason }));
const unlock = (from: Given<Account>): Decided => order(from, (at) => enforce.unlockAccount(at, { reason }));
const erase = (from: Given<Account>): Decided => order(from, (at) => decide.eraseAccount(at, {}));
const logOut = (from: Given<Account>, except?: string): Decided =>
  order(from, (at) => decide.revokeAllSessions(at, { except }));
const revoke = (
  from: Given<Account>,
  deviceId = phone.id,
  cause: 'user' | 'lost' | 'handed_over' = 'user',
): Decided => order(from, (at) => decide.revokeDevice(at, { deviceId, cause }));
const link = (from: Given<Account>, changes: Partial<typeof phone> = {}, marker = from.revision): Decided =>
  order(from, (at) => decide.linkDevice(at, { device: { ...phone, ...changes }, marker }));

describe('opening an account', () => {
  it('records the name and the credential beside the event, never in it', () => {
    const opened = nobody.when((state) => decide.openAccount(state, opening)).happens('account.opened');
    expect(opened.state).toMatchObject({ status: 'open', nameHash, credentialRevision: 0, devices: [] });
    expect(opened.events[0]).toHaveProperty('credential', opening.credential);
    expect(JSON.stringify(opened.events[0]?.data)).not.toContain('argon2id');
  });

  it('says why, where an operator does it', () => {
    const opened = nobody.when((state) => decide.openAccount(state, { ...opening, reason }));
    expect(opened.happens('account.opened').events[0]?.data).toMatchObject({ reason });
    expect(opened.state).not.toHaveProperty('reason');
  });

  it('is refused a second time', () => {
    alice.when((state) => decide.openAccount(state, opening)).isRefused({ refusal: 'account_exists' });
  });
});

describe('changing the password', () => {
  const change = (from: Given<Account>, except?: string): Decided =>
    order(from, (at) => decide.changePassword(at, { credential: '$argon2id$new', except }));

  it('ends every session but the one named, and says where the credential stands', () => {
    const changed = change(alice, sessionId).happens('account.password-changed');
    expect(changed.state).toMatchObject({
      credentialRevision: 2,
      ends: { revision: 2, fact: 'password_changed', except: sessionId },
    });
    expect(changed.events[0]).toHaveProperty('credential', '$argon2id$new');
    expect(JSON.stringify(changed.events[0]?.data)).not.toContain('argon2id');
  });

  it('is refused unless the account is open', () => {
    change(nobody).isRefused({ refusal: 'account_unknown' });
    change(lock(alice)).isRefused({ refusal: 'account_not_open' });
    change(erase(alice)).isRefused({ refusal: 'account_not_open' });
  });
});

describe('linking a device', () => {
  const tablet = { id: 'tablet', jkt: otherKey };

  it('adds it', () => {
    expect(
      link(alice, tablet)
        .happens('account.device-linked')
        .state?.devices.map((device) => device.id),
    ).toEqual([phone.id, 'tablet']);
  });

  it('stays quiet for a key that is linked', () => {
    link(alice, { id: 'another id' }).staysQuiet();
  });

  it('links a revoked key again, under a new id, after a new sign-in', () => {
    const again = link(revoke(alice), { id: 'again' }).happens('account.device-linked');
    expect(again.state?.devices).toEqual([{ ...phone, id: 'again' }]);
  });

  it('is refused to an authentication from before the key was revoked, also once it is linked again', () => {
    const revoked = revoke(alice);
    link(revoked, { id: 'again' }, 1).isRefused({ refusal: 'device_revoked_since' });
    const again = link(revoked, { id: 'again' });
    link(again, {}, 1).isRefused({ refusal: 'device_revoked_since' });
    link(again, {}, 2).staysQuiet();
  });

  it('is refused for good to a key reported lost or handed over', () => {
    for (const cause of ['lost', 'handed_over'] as const) {
      const gone = revoke(alice, phone.id, cause);
      expect(gone.state?.lostKeys).toEqual([phoneKey]);
      link(gone, { id: 'again' }).isRefused({ refusal: 'device_key_lost' });
    }
  });

  it('is refused to older authentications once more revocations happened than are remembered', () => {
    let account: Given<Account> = alice;
    for (let n = 0; n <= maxUnlinkedRemembered; n += 1) {
      account = revoke(link(account, { id: `d${n}`, jkt: `key-${n}` }), `d${n}`).happens(
        'account.device-revoked',
      );
    }
    expect(account.state?.unlinked).toHaveLength(maxUnlinkedRemembered);
    expect(account.state?.unlinkedBefore).toBe(3);
    link(account, tablet, 2).isRefused({ refusal: 'device_revoked_since' });
    link(account, tablet, 3).happens('account.device-linked');
  });

  it('is refused beyond fifty devices', () => {
    let account: Given<Account> = alice;
    for (let n = 1; n < maxDevicesPerAccount; n += 1)
      account = link(account, { id: `d${n}`, jkt: `key-${n}` });
    link(account, tablet).isRefused({ refusal: 'too_many_devices' });
    link(account).staysQuiet();
  });

  it('is refused unless the account is open', () => {
    link(nobody).isRefused({ refusal: 'account_unknown' });
    link(lock(alice), tablet).isRefused({ refusal: 'account_not_open' });
  });
});

describe('revoking a device', () => {
  it('unlinks it and remembers its key, with cause and reason', () => {
    const revoked = order(alice, (at) =>
      decide.revokeDevice(at, { deviceId: phone.id, cause: 'operator', reason }),
    );
    revoked.happens('account.device-revoked');
    expect(revoked.events[0]?.data).toMatchObject({
      deviceId: phone.id,
      jkt: phoneKey,
      cause: 'operator',
      reason,
    });
    expect(revoked.state).toMatchObject({
      devices: [],
      unlinked: [{ jkt: phoneKey, revision: 2 }],
      lostKeys: [],
    });
  });

  it('reports a key lost also after its device was revoked, by the key that its link tells', () => {
    const report = (from: Given<Account>) =>
      order(from, (at) => decide.revokeDevice(at, { deviceId: phone.id, cause: 'lost', jkt: phoneKey }));
    const gone = report(revoke(alice)).happens('account.device-revoked');
    expect(gone.state).toMatchObject({ lostKeys: [phoneKey], unlinked: [{ jkt: phoneKey, revision: 2 }] });
    link(gone, { id: 'again' }).isRefused({ refusal: 'device_key_lost' });
    report(gone).staysQuiet();
    const back = report(link(revoke(alice), { id: 'again' }));
    back.happens('account.device-revoked', 'account.device-revoked');
    expect(back.state).toMatchObject({ devices: [], lostKeys: [phoneKey] });
  });

  it('remembers every lost key: past 256 of them no key is linked, but losing is never refused', () => {
    const lostKeys = Array.from({ length: maxLostKeys }, (_, n) => `key-${n}`);
    const at: AccountAt = { account: { ...account, lostKeys }, revision: 5 };
    const device = { ...phone, id: 'tablet', jkt: otherKey };
    expect(decide.linkDevice(at, { device, marker: 5 }).refusal).toBe('too_many_lost_keys');
    const [lost] = decide.revokeDevice(at, { deviceId: phone.id, cause: 'lost' }).events;
    expect(lost?.data.state.lostKeys).toHaveLength(maxLostKeys + 1);
    const unlinked = decide.revokeDevice(at, { deviceId: 'gone', cause: 'lost', jkt: otherKey });
    expect(unlinked).toEqual({ events: [] });
  });

  it('is refused where there is no such device (any more), or no such account', () => {
    revoke(alice, 'unknown').isRefused({ refusal: 'device_unknown' });
    revoke(revoke(alice)).isRefused({ refusal: 'device_unknown' });
    revoke(nobody).isRefused({ refusal: 'account_unknown' });
  });

  it('happens on a locked account too', () => {
    revoke(lock(alice), phone.id, 'lost').happens('account.device-revoked');
  });
});

describe('logging out everywhere', () => {
  it('ends every session, or every other one', () => {
    expect(logOut(alice).happens('account.all-sessions-revoked').state?.ends).toEqual({
      revision: 2,
      fact: 'log_out_everywhere',
    });
    expect(logOut(alice, sessionId).state?.ends).toMatchObject({ except: sessionId });
  });

  it('remembers from when on the named session was spared', () => {
    const ends = (from: Given<Account>) => from.state?.ends;
    const sparedTwice = logOut(logOut(alice, sessionId), sessionId);
    expect(ends(sparedTwice)).toEqual({ revision: 3, fact: 'log_out_everywhere', except: sessionId });
    expect(ends(logOut(logOut(alice), sessionId))).toMatchObject({ except: sessionId, exceptBefore: 2 });
    expect(ends(logOut(logOut(alice, otherSessionId), sessionId))).toMatchObject({ exceptBefore: 2 });
    expect(ends(logOut(logOut(logOut(alice), sessionId), sessionId))).toMatchObject({
      revision: 4,
      exceptBefore: 2,
    });
    expect(ends(logOut(sparedTwice))).toEqual({ revision: 4, fact: 'log_out_everywhere' });
  });

  it('is refused for an unknown account', () => {
    logOut(nobody).isRefused({ refusal: 'account_unknown' });
  });
});

describe('locking and unlocking', () => {
  it('locks, ends every session, and unlocks without a trace of them', () => {
    const locked = lock(alice).happens('account.locked');
    expect(locked.state).toMatchObject({ status: 'locked', ends: { revision: 2, fact: 'locked' } });
    const unlocked = unlock(locked).happens('account.unlocked');
    expect(unlocked.state).toMatchObject({ status: 'open', ends: { revision: 2, fact: 'locked' } });
  });

  it('stays quiet when it is so already', () => {
    lock(lock(alice)).staysQuiet();
    unlock(alice).staysQuiet();
  });

  it('is refused for accounts that are unknown or erased', () => {
    lock(nobody).isRefused({ refusal: 'account_unknown' });
    unlock(nobody).isRefused({ refusal: 'account_unknown' });
    lock(erase(alice)).isRefused({ refusal: 'account_not_open' });
    unlock(erase(alice)).isRefused({ refusal: 'account_not_locked' });
  });
});

describe('erasing an account', () => {
  it('ends every session for good, from open and from locked', () => {
    for (const from of [alice, lock(alice)]) {
      expect(erase(from).happens('account.erased').state).toMatchObject({
        status: 'erased',
        ends: { fact: 'erased' },
      });
    }
  });

  it('stays quiet the second time, and is refused for an unknown account', () => {
    erase(erase(alice)).staysQuiet();
    erase(nobody).isRefused({ refusal: 'account_unknown' });
  });
});

describe('folding an account', () => {
  const [opened, linked] = accountEvents;

  it('throws on an unknown type, before an opening, and on a second opening', () => {
    const unknown = { type: 'account.renamed', data: {} } as unknown as AccountEvent;
    expect(() => evolveAccount(account, unknown, 2)).toThrow('unknown account event account.renamed');
    expect(() => evolveAccount(undefined, linked, 0)).toThrow('before account.opened');
    expect(() => evolveAccount(account, opened, 2)).toThrow('account.opened');
  });

  it('takes no state of another version for a carried one', () => {
    expect(carriedAccount({ type: 'account.opened', data: { state: { ...account, v: 2 } } })).toBeUndefined();
    expect(carriedAccount({ type: 'account.opened', data: {} })).toBeUndefined();
  });
});
