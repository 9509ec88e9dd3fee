// Decisions about an account: open, password, devices, log-out everywhere, erasure.
import type { AccountState, DeviceRevocationCause, EndingFact, LinkedDevice } from './account-events.js';
import { carry, notOpen, nothing, reasonOf, refused } from './account-decision.js';
import type { AccountAt, AccountDecision, AccountFact } from './account-decision.js';
import { isoTime } from './iso-time.js';
import { maxDevicesPerAccount, maxLostKeys } from './policy.js';

export { accountRefusals } from './account-decision.js';
export type { AccountAt, AccountDecision, AccountRefusal } from './account-decision.js';

/** Opens an account. `credential` is the password's hash, sealed before it is stored. Pure, like all below.
 * */
export function openAccount(
  account: AccountState | undefined,
  command: {
    readonly nowMs: number;
    readonly nameHash: string;
    readonly credential: string;
    readonly reason?: string;
  },
): AccountDecision {
  if (account !== undefined) return refused('account_exists');
  const state: AccountState = {
    v: 1,
    status: 'open',
    credentialRevision: 0,
    nameHash: command.nameHash,
    openedAt: isoTime(command.nowMs),
    devices: [],
    unlinked: [],
    lostKeys: [],
  };
  const data = { ...reasonOf(command), state };
  return { events: [{ type: 'account.opened', data, credential: command.credential }] };
}

/** Changes the password; ends every session but `except`. */
export function changePassword(
  at: AccountAt,
  command: { readonly credential: string; readonly except?: string },
): AccountDecision {
  const blocked = notOpen(at.account);
  if (blocked !== undefined) return blocked;
  const data = sparing(at.account as AccountState, command.except);
  const [event] = carry(at, { type: 'account.password-changed', data });
  return { events: [{ ...event, credential: command.credential }] };
}

/** Links the device that holds the key, unless it is linked. A key reported lost is refused for good; one
 * revoked since the authentication at `marker` needs a new sign-in. */
export function linkDevice(
  at: AccountAt,
  command: { readonly device: LinkedDevice; readonly marker: number },
): AccountDecision {
  const blocked = notOpen(at.account);
  if (blocked !== undefined) return blocked;
  const account = at.account as AccountState;
  const { jkt } = command.device;
  if (account.lostKeys.includes(jkt)) return refused('device_key_lost');
  // Before the look at the linked ones: a key that was revoked and linked again is no older authentication's.
  const revokedSince =
    account.unlinked.some((entry) => entry.jkt === jkt && entry.revision > command.marker) ||
    command.marker < (account.unlinkedBefore ?? -1);
  if (revokedSince) return refused('device_revoked_since');
  if (linkedDevice(account, jkt) !== undefined) return nothing;
  if (account.devices.length >= maxDevicesPerAccount) return refused('too_many_devices');
  if (account.lostKeys.length >= maxLostKeys) return refused('too_many_lost_keys');
  return { events: carry(at, { type: 'account.device-linked', data: { device: command.device } }) };
}

/**
 * Ends every session of the device. `jkt`: the key of a device that was unlinked before, as its link tells:
 * it can still be reported lost, and takes whatever device has its key by now with it.
 */
export function revokeDevice(
  at: AccountAt,
  command: {
    readonly deviceId: string;
    readonly cause: DeviceRevocationCause;
    readonly reason?: string;
    readonly jkt?: string;
  },
): AccountDecision {
  const { account } = at;
  if (account === undefined) return refused('account_unknown');
  const { deviceId, cause } = command;
  const lost = cause === 'lost' || cause === 'handed_over';
  const device = account.devices.find((linked) => linked.id === deviceId);
  const jkt = device?.jkt ?? (lost ? command.jkt : undefined);
  if (jkt === undefined) return refused('device_unknown');
  const ended = revocation({ id: deviceId, jkt }, command);
  const heir = linkedDevice(account, jkt);
  if (heir !== undefined && heir.id !== deviceId) {
    return { events: carry(at, revocation(heir, command), ended) };
  }
  // Once so many keys are lost none is linked any more: this one is refused already.
  const known = account.lostKeys.includes(jkt) || account.lostKeys.length >= maxLostKeys;
  return device === undefined && known ? nothing : { events: carry(at, ended) };
}

/** Ends every session of the account but `except`. */
export function revokeAllSessions(
  at: AccountAt,
  command: { readonly except?: string; readonly reason?: string },
): AccountDecision {
  if (at.account === undefined) return refused('account_unknown');
  const data = { ...sparing(at.account, command.except), ...reasonOf(command) };
  return { events: carry(at, { type: 'account.all-sessions-revoked', data }) };
}

/** Ends every session for good; the caller then deletes the personal keys and releases the name. */
export function eraseAccount(at: AccountAt, command: { readonly reason?: string }): AccountDecision {
  if (at.account === undefined) return refused('account_unknown');
  if (at.account.status === 'erased') return nothing;
  return { events: carry(at, { type: 'account.erased', data: reasonOf(command) }) };
}

/** The linked device that holds the key, if any. */
export function linkedDevice(account: AccountState, jkt: string): LinkedDevice | undefined {
  return account.devices.find((device) => device.jkt === jkt);
}

function revocation(
  { id, jkt }: Pick<LinkedDevice, 'id' | 'jkt'>,
  { cause, ...command }: { readonly cause: DeviceRevocationCause; readonly reason?: string },
): AccountFact {
  const data = { deviceId: id, jkt, cause, ...reasonOf(command) };
  return { type: 'account.device-revoked', data };
}

/** The session that goes on, and the fact that ended it before, as far as the state tells. */
function sparing(
  { ends }: AccountState,
  except: string | undefined,
): { readonly except?: string; readonly exceptFact?: EndingFact } {
  if (except === undefined) return {};
  const exceptFact = ends?.except === except ? ends.exceptFact : ends?.fact;
  return { except, ...(exceptFact === undefined ? {} : { exceptFact }) };
}
