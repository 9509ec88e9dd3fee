// What can have happened to an account, and how its events fold into the state that each of them carries.
import { keepHolds, withHold } from './account-holds.js';
import type { NewHold, ReleaseCause } from './account-holds.js';
import type {
  AccountEnds,
  AccountState,
  DeviceRevocationCause,
  EndingFact,
  LinkedDevice,
} from './account-state.js';
import { withNotice, withoutNotice, withoutTrust, withTrust } from './account-travel.js';
import type { TravelNotice, TrustedDevice } from './account-travel.js';
import type { DeviceAttested } from './later-events.js';
import { withEnforced } from './rule-decisions.js';
import type { RuleDecision } from './rule-decisions.js';

export * from './account-state.js';

export interface AccountOpened {
  readonly type: 'account.opened';
  readonly data: { readonly reason?: string; readonly state: AccountState };
}
/** `except`: the session that goes on, unless an earlier fact ended it: `exceptFact`. */
interface Spared {
  readonly except?: string;
  readonly exceptFact?: EndingFact;
  readonly state: AccountState;
}
export interface PasswordChanged {
  readonly type: 'account.password-changed';
  readonly data: Spared;
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
  readonly data: Spared & { readonly reason?: string };
}
/** Also of an account that is locked, where another rule decides so. */
export interface AccountLocked {
  readonly type: 'account.locked';
  readonly data: { readonly reason: string; readonly decision?: RuleDecision; readonly state: AccountState };
}
/** `seen`: the position up to which the operator looked; what the lock's rules decide on events up to it is
 * cleared. */
export interface AccountUnlocked {
  readonly type: 'account.unlocked';
  readonly data: { readonly reason: string; readonly seen?: string; readonly state: AccountState };
}
/** Sessions go on; what moves money does not, until step-up or release. */
export interface SensitiveActionsHeld {
  readonly type: 'account.sensitive-actions-held';
  readonly data: { readonly hold: NewHold; readonly decision?: RuleDecision; readonly state: AccountState };
}
/** `seen`: as in `account.unlocked`, for the hold's rule. */
export interface HoldReleased {
  readonly type: 'account.hold-released';
  readonly data: {
    readonly holdId: string;
    readonly cause: ReleaseCause;
    readonly reason?: string;
    readonly seen?: string;
    readonly state: AccountState;
  };
}
/** Ends every session; everybody on the account signs in again. */
export interface ReauthenticationRequired {
  readonly type: 'account.reauthentication-required';
  readonly data: { readonly reason: string; readonly decision?: RuleDecision; readonly state: AccountState };
}
export interface TravelNoticeFiled {
  readonly type: 'account.travel-notice-filed';
  readonly data: { readonly notice: TravelNotice; readonly state: AccountState };
}
export interface TravelNoticeWithdrawn {
  readonly type: 'account.travel-notice-withdrawn';
  readonly data: { readonly noticeId: string; readonly state: AccountState };
}
/** A device that its person vouches for, or does not any more, and who says so. */
export interface DeviceTrusted {
  readonly type: 'account.device-trusted';
  readonly data: TrustedDevice & { readonly trusted: boolean; readonly state: AccountState };
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
  | SensitiveActionsHeld
  | HoldReleased
  | ReauthenticationRequired
  | TravelNoticeFiled
  | TravelNoticeWithdrawn
  | DeviceTrusted
  | AccountErased
  | DeviceAttested<AccountState>;

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
      const after = endSessions(before, { revision, fact: 'password_changed', ...spared(event.data) });
      return { ...after, credentialRevision: revision };
    }
    case 'account.device-linked':
      return { ...before, devices: [...before.devices, event.data.device] };
    case 'account.device-revoked':
      return unlink(before, event.data, revision);
    case 'account.all-sessions-revoked':
      return endSessions(before, { revision, fact: 'log_out_everywhere', ...spared(event.data) });
    case 'account.reauthentication-required': {
      const after = endSessions(before, { revision, fact: 'reauthentication_required' });
      return enforcedBy(after, event.data.decision);
    }
    case 'account.locked':
      return afterLock(endSessions(before, { revision, fact: 'locked' }), event.data.decision);
    case 'account.unlocked':
      return afterUnlock(before, event.data.seen);
    case 'account.sensitive-actions-held':
      return afterHold(before, event.data, revision);
    case 'account.hold-released':
      return afterRelease(before, event.data);
    case 'account.travel-notice-filed':
      return withNotice(before, event.data.notice);
    case 'account.travel-notice-withdrawn':
      return withoutNotice(before, event.data.noticeId);
    case 'account.device-trusted': {
      const { deviceId, bySession, byDevice, trusted } = event.data;
      return trusted ? withTrust(before, { deviceId, bySession, byDevice }) : withoutTrust(before, deviceId);
    }
    case 'account.erased':
      return { ...endSessions(before, { revision, fact: 'erased' }), status: 'erased' };
    case 'account.device-attested':
      return before;
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

/** What a fact says of the session it spares. */
function spared({ except, exceptFact }: Spared): Pick<AccountEnds, 'except' | 'exceptFact'> {
  return { except, exceptFact };
}

function endSessions(before: AccountState, next: AccountEnds): AccountState {
  const { ends, ...rest } = keepHolds(before, ({ sessionId }) => {
    // A hold of a session that has ended holds nothing.
    return sessionId === undefined || sessionId === next.except;
  });
  if (next.except === undefined) return { ...rest, ends: { revision: next.revision, fact: next.fact } };
  // The spared session was not spared by the facts before this one, unless they named it too.
  const exceptBefore = ends === undefined || ends.except !== next.except ? ends?.revision : ends.exceptBefore;
  const { exceptFact, ...named } = next;
  if (exceptBefore === undefined) return { ...rest, ends: named };
  return { ...rest, ends: { ...named, exceptBefore, ...(exceptFact === undefined ? {} : { exceptFact }) } };
}

function unlink(before: AccountState, data: DeviceRevoked['data'], revision: number): AccountState {
  const { deviceId, jkt, cause } = data;
  const lost = cause === 'lost' || cause === 'handed_over';
  const lostKeys = lost && !before.lostKeys.includes(jkt) ? [...before.lostKeys, jkt] : before.lostKeys;
  const devices = before.devices.filter((device) => device.id !== deviceId);
  // Reported lost after it was revoked: only its key is news.
  if (devices.length === before.devices.length) return { ...before, lostKeys };
  const all = [...before.unlinked, { jkt, revision }];
  const dropped = all.slice(0, -maxUnlinkedRemembered).at(-1)?.revision;
  const kept = keepHolds(withoutTrust(before, deviceId), (hold) => hold.deviceId !== deviceId);
  return {
    ...kept,
    devices,
    unlinked: all.slice(-maxUnlinkedRemembered),
    ...(dropped === undefined ? {} : { unlinkedBefore: dropped }),
    lostKeys,
  };
}

function enforcedBy(state: AccountState, decision: RuleDecision | undefined): AccountState {
  return withEnforced(state, [decision?.rule], decision?.trigger);
}

function afterLock(before: AccountState, decision: RuleDecision | undefined): AccountState {
  const locked: AccountState = { ...enforcedBy(before, decision), status: 'locked' };
  const known = decision === undefined || before.lockedBy?.includes(decision.rule) === true;
  return known ? locked : { ...locked, lockedBy: [...(before.lockedBy ?? []), decision.rule] };
}

function afterUnlock(before: AccountState, seen: string | undefined): AccountState {
  const { lockedBy = [], ...open } = before;
  return { ...withEnforced(open, lockedBy, seen), status: 'open' };
}

function afterHold(before: AccountState, data: SensitiveActionsHeld['data'], revision: number): AccountState {
  const { hold, decision } = data;
  const trigger = decision === undefined ? {} : { trigger: decision.trigger };
  return enforcedBy(withHold(before, { ...hold, revision, ...trigger }), decision);
}

function afterRelease(before: AccountState, { holdId, seen }: HoldReleased['data']): AccountState {
  const hold = before.holds?.find(({ id }) => id === holdId);
  const after = keepHolds(before, ({ id }) => id !== holdId);
  return withEnforced(withEnforced(after, [hold?.rule], hold?.trigger), [hold?.rule], seen);
}

function unknownEvent(event: never): never {
  throw new Error(`unknown account event ${(event as { type: string }).type}`);
}
