// The folded state of an account, carried by each of its events.
import type { Hold } from './account-holds.js';
import type { TravelNotice, TrustedDevice } from './account-travel.js';
import type { EnforcedTriggers } from './rule-decisions.js';

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
export const endingFacts = [
  'log_out_everywhere',
  'password_changed',
  'reauthentication_required',
  'locked',
  'closed',
  'erased',
] as const;
export type EndingFact = (typeof endingFacts)[number];

/** The latest fact that ended sessions of the account: all with an older marker but `except`. Facts before it
 * that `except` was not spared by end it too; the latest of them stands at `exceptBefore` and is `exceptFact`
 * (absent where the event does not say). */
export interface AccountEnds {
  readonly revision: number;
  readonly fact: EndingFact;
  readonly except?: string;
  readonly exceptBefore?: number;
  readonly exceptFact?: EndingFact;
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
  /** Thumbprints of keys reported lost or handed over: refused for good. Never shortened: see
   * `maxLostKeys`. */
  readonly lostKeys: readonly string[];
  /** The members below are absent while they would be empty. */
  readonly holds?: readonly Hold[];
  readonly travel?: readonly TravelNotice[];
  readonly trustedDevices?: readonly TrustedDevice[];
  readonly enforced?: EnforcedTriggers;
  /** The rules that locked it, while it is locked. */
  readonly lockedBy?: readonly string[];
}

export const deviceRevocationCauses = ['user', 'lost', 'handed_over', 'operator', 'rule'] as const;
export type DeviceRevocationCause = (typeof deviceRevocationCauses)[number];
