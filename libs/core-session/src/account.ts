// Decisions about an account: open, password, devices, log-out everywhere, lock, erasure.
import { evolveAccount } from './account-events.js';
import type { AccountEvent, AccountState, DeviceRevocationCause, LinkedDevice } from './account-events.js';
import { isoTime } from './iso-time.js';
import { maxDevicesPerAccount } from './policy.js';

/** Why a command on an account was refused. */
export const accountRefusals = [
  'account_exists',
  'account_unknown',
  'account_not_open',
  'account_not_locked',
  'device_unknown',
  'device_key_lost',
  'device_revoked_since',
  'too_many_devices',
] as const;
export type AccountRefusal = (typeof accountRefusals)[number];

/** Events to append (none: it has happened already), or why not. */
export type AccountDecision =
  | {
      readonly events: readonly (AccountEvent & { readonly credential?: string })[];
      readonly refusal?: undefined;
    }
  | { readonly events: readonly []; readonly refusal: AccountRefusal };

const nothing: AccountDecision = { events: [] };

/** Opens an account. `credential` is the password's hash, sealed before it is stored. Pure, like all below.
 * */
export function openAccount(
  account: AccountState | undefined,
  command: { readonly nowMs: number; readonly nameHash: string; readonly credential: string },
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
  return { events: [{ type: 'account.opened', data: { state }, credential: command.credential }] };
}

/** Changes the password; ends every session but `except`. */
export function changePassword(
  at: AccountAt,
  command: { readonly credential: string; readonly except?: string },
): AccountDecision {
  const blocked = notOpen(at.account);
  if (blocked !== undefined) return blocked;
  const except = command.except === undefined ? {} : { except: command.except };
  const [event] = carry(at, { type: 'account.password-changed', data: { ...except } });
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
  return { events: carry(at, { type: 'account.device-linked', data: { device: command.device } }) };
}

/** Ends every session of the device. */
export function revokeDevice(
  at: AccountAt,
  command: { readonly deviceId: string; readonly cause: DeviceRevocationCause; readonly reason?: string },
): AccountDecision {
  if (at.account === undefined) return refused('account_unknown');
  const device = at.account.devices.find((linked) => linked.id === command.deviceId);
  if (device === undefined) return refused('device_unknown');
  const data = { deviceId: device.id, jkt: device.jkt, cause: command.cause, ...reasonOf(command) };
  return { events: carry(at, { type: 'account.device-revoked', data }) };
}

/** Ends every session of the account but `except`. */
export function revokeAllSessions(
  at: AccountAt,
  command: { readonly except?: string; readonly reason?: string },
): AccountDecision {
  if (at.account === undefined) return refused('account_unknown');
  const except = command.except === undefined ? {} : { except: command.except };
  return {
    events: carry(at, { type: 'account.all-sessions-revoked', data: { ...except, ...reasonOf(command) } }),
  };
}

/** Locks the account and ends every session; unlocking revives none of them. */
export function lockAccount(at: AccountAt, command: { readonly reason: string }): AccountDecision {
  if (at.account?.status === 'locked') return nothing;
  return (
    notOpen(at.account) ?? { events: carry(at, { type: 'account.locked', data: { reason: command.reason } }) }
  );
}

export function unlockAccount(at: AccountAt, command: { readonly reason: string }): AccountDecision {
  if (at.account === undefined) return refused('account_unknown');
  if (at.account.status === 'open') return nothing;
  if (at.account.status !== 'locked') return refused('account_not_locked');
  return { events: carry(at, { type: 'account.unlocked', data: { reason: command.reason } }) };
}

/** Ends every session for good; the caller then deletes the personal keys and releases the name. */
export function eraseAccount(at: AccountAt, command: { readonly reason?: string }): AccountDecision {
  if (at.account === undefined) return refused('account_unknown');
  if (at.account.status === 'erased') return nothing;
  return { events: carry(at, { type: 'account.erased', data: reasonOf(command) }) };
}

/** An account's state and the revision it stands at. */
export interface AccountAt {
  readonly account: AccountState | undefined;
  readonly revision: number;
}

/** The linked device that holds the key, if any. */
export function linkedDevice(account: AccountState, jkt: string): LinkedDevice | undefined {
  return account.devices.find((device) => device.jkt === jkt);
}

type Fact = AccountEvent extends infer E
  ? E extends AccountEvent
    ? { type: E['type']; data: Omit<E['data'], 'state'> }
    : never
  : never;

function carry(at: AccountAt, fact: Fact): [AccountEvent] {
  const before = at.account as AccountState;
  const event = { type: fact.type, data: { ...fact.data, state: before } } as AccountEvent;
  const state = evolveAccount(before, event, at.revision + 1);
  return [{ type: fact.type, data: { ...fact.data, state } } as AccountEvent];
}

function notOpen(account: AccountState | undefined): AccountDecision | undefined {
  if (account === undefined) return refused('account_unknown');
  return account.status === 'open' ? undefined : refused('account_not_open');
}

function refused(refusal: AccountRefusal): AccountDecision {
  return { events: [], refusal };
}

function reasonOf({ reason }: { readonly reason?: string }): { reason?: string } {
  return reason === undefined ? {} : { reason };
}
