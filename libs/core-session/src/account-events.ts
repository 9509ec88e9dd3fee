// What can have happened to an account, the state every event carries, and how the events fold.

/** A device that is linked now. One that was revoked is not in the list: its sessions find no device and are
 * over. */
export interface LinkedDevice {
  readonly id: string;
  /** RFC 7638 thumbprint of its key. */
  readonly jkt: string;
  readonly clientId: string;
  readonly linkedAt: string;
}

/** Why sessions of the whole account ended at once. */
export const endingFacts = ['log_out_everywhere', 'password_changed', 'locked', 'closed', 'erased'] as const;
export type EndingFact = (typeof endingFacts)[number];

/** The latest fact that ended sessions of the account: all with an older marker but `except`. Facts before it
 * that `except` was not spared by end it too; the highest of their revisions is `exceptBefore`. */
export interface AccountEnds {
  readonly revision: number;
  readonly fact: EndingFact;
  readonly except?: string;
  readonly exceptBefore?: number;
}

/** The folded state of an account, carried by each of its events. Times are ISO 8601, UTC. */
export interface AccountState {
  readonly v: 1;
  readonly status: 'open' | 'locked' | 'closed' | 'erased';
  /** The revision of the event whose `credential` part holds the password's hash. */
  readonly credentialRevision: number;
  /** Keyed hash of the sign-in name. */
  readonly nameHash: string;
  readonly openedAt: string;
  readonly ends?: AccountEnds;
  readonly devices: readonly LinkedDevice[];
  /** Keys of revoked devices with the revision of the revocation, latest last, so that codes in flight see
   * it. */
  readonly unlinked: readonly { readonly jkt: string; readonly revision: number }[];
  /** Highest revision among the entries dropped from `unlinked`. */
  readonly unlinkedBefore?: number;
  /** Thumbprints of keys reported lost or handed over: refused for good. */
  readonly lostKeys: readonly string[];
}

export const deviceRevocationCauses = ['user', 'lost', 'handed_over', 'operator', 'rule'] as const;
export type DeviceRevocationCause = (typeof deviceRevocationCauses)[number];

export interface AccountOpened {
  readonly type: 'account.opened';
  readonly data: { readonly state: AccountState };
}
export interface PasswordChanged {
  readonly type: 'account.password-changed';
  /** `except`: the session that changed it, which goes on. */
  readonly data: { readonly except?: string; readonly state: AccountState };
}
export interface DeviceLinked {
  readonly type: 'account.device-linked';
  readonly data: { readonly device: LinkedDevice; readonly state: AccountState };
}
export interface DeviceRevoked {
  readonly type: 'account.device-revoked';
  readonly data: {
    readonly deviceId: string;
    readonly jkt: string;
    readonly cause: DeviceRevocationCause;
    readonly reason?: string;
    readonly state: AccountState;
  };
}
export interface AllSessionsRevoked {
  readonly type: 'account.all-sessions-revoked';
  readonly data: { readonly except?: string; readonly reason?: string; readonly state: AccountState };
}
export interface AccountLocked {
  readonly type: 'account.locked';
  readonly data: { readonly reason: string; readonly state: AccountState };
}
export interface AccountUnlocked {
  readonly type: 'account.unlocked';
  readonly data: { readonly reason: string; readonly state: AccountState };
}
export interface AccountErased {
  readonly type: 'account.erased';
  readonly data: { readonly reason?: string; readonly state: AccountState };
}

export type AccountEvent =
  | AccountOpened
  | PasswordChanged
  | DeviceLinked
  | DeviceRevoked
  | AllSessionsRevoked
  | AccountLocked
  | AccountUnlocked
  | AccountErased;

export const maxUnlinkedRemembered = 16;

/** The state after the event at `revision`, folded from the state before it and the event's own facts. Pure.
 * Throws on an unknown type and on an event that cannot follow the state. */
export function evolveAccount(
  before: AccountState | undefined,
  event: AccountEvent,
  revision: number,
): AccountState {
  if (event.type === 'account.opened') {
    if (before !== undefined) throw new Error('account.opened in an account that was opened');
    return { ...event.data.state, credentialRevision: revision };
  }
  if (before === undefined) throw new Error(`${event.type} before account.opened`);
  switch (event.type) {
    case 'account.password-changed': {
      const after = endSessions(before, { revision, fact: 'password_changed', except: event.data.except });
      return { ...after, credentialRevision: revision };
    }
    case 'account.device-linked':
      return { ...before, devices: [...before.devices, event.data.device] };
    case 'account.device-revoked':
      return unlink(before, event.data, revision);
    case 'account.all-sessions-revoked':
      return endSessions(before, { revision, fact: 'log_out_everywhere', except: event.data.except });
    case 'account.locked':
      return { ...endSessions(before, { revision, fact: 'locked' }), status: 'locked' };
    case 'account.unlocked':
      return { ...before, status: 'open' };
    case 'account.erased':
      return { ...endSessions(before, { revision, fact: 'erased' }), status: 'erased' };
    default:
      return unknownEvent(event);
  }
}

/** The state the event carries, or undefined when it carries none, or one of another version. */
export function carriedAccount(event: {
  readonly type: string;
  readonly data: object;
}): AccountState | undefined {
  const { state } = event.data as { state?: AccountState };
  return state?.v === 1 ? state : undefined;
}

function endSessions(before: AccountState, next: AccountEnds): AccountState {
  const { ends, ...rest } = before;
  if (next.except === undefined) return { ...rest, ends: { revision: next.revision, fact: next.fact } };
  // The spared session was not spared by the facts before this one, unless they named it too.
  const exceptBefore = ends === undefined || ends.except !== next.except ? ends?.revision : ends.exceptBefore;
  return { ...rest, ends: { ...next, ...(exceptBefore === undefined ? {} : { exceptBefore }) } };
}

function unlink(before: AccountState, data: DeviceRevoked['data'], revision: number): AccountState {
  const all = [...before.unlinked, { jkt: data.jkt, revision }];
  const dropped = all.slice(0, -maxUnlinkedRemembered).at(-1)?.revision;
  const lost = data.cause === 'lost' || data.cause === 'handed_over';
  return {
    ...before,
    devices: before.devices.filter((device) => device.id !== data.deviceId),
    unlinked: all.slice(-maxUnlinkedRemembered),
    ...(dropped === undefined ? {} : { unlinkedBefore: dropped }),
    lostKeys: lost && !before.lostKeys.includes(data.jkt) ? [...before.lostKeys, data.jkt] : before.lostKeys,
  };
}

function unknownEvent(event: never): never {
  throw new Error(`unknown account event ${(event as { type: string }).type}`);
}
