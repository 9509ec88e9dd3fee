// The records of the topic `sallyport.standing`: what a copy of sessions, accounts, cutoffs is folded from.
import type {
  AccountState,
  CutoffsState,
  Hold,
  LinkedDevice,
  Network,
  SessionState,
} from '@sallyport/core-session';

/** What each record says of the event that made it. */
interface OfEvent {
  /** Version of this shape; a reader that does not know it has to deny. */
  readonly v: 1;
  /** The event's place in the ledger, a decimal integer: of two values the one further on is newer. */
  readonly position: string;
  /** When the event was recorded, ISO 8601 in UTC. */
  readonly at: string;
}

/** `session:<id>`. Nothing in it is personal or can be used as a token. */
export interface StandingSession extends OfEvent {
  readonly state: KeptSession;
  /** When the session was last used with its own token. */
  readonly lastActiveAt: string;
  /** When an event of its own ended it. */
  readonly endedAt?: string;
}

/** What of a session's state a copy is given. Times are ISO 8601 in UTC. */
export interface KeptSession extends Pick<
  SessionState,
  | 'status'
  | 'endCause'
  | 'accountId'
  | 'deviceId'
  | 'clientId'
  | 'scope'
  | 'jkt'
  | 'marker'
  | 'startedAt'
  | 'authTime'
  | 'idleExpiresAt'
  | 'expiresAt'
  | 'acr'
  | 'amr'
  | 'flags'
  | 'appVersion'
> {
  /** ISO 3166-1 alpha-2 of the latest request, or null when unknown. */
  readonly country: Network['country'];
}

/** `account:<id>`. */
export interface StandingAccount extends OfEvent {
  readonly state: KeptAccount;
}

export interface KeptAccount extends Pick<AccountState, 'status' | 'ends'> {
  readonly devices: readonly Pick<LinkedDevice, 'id' | 'clientId' | 'linkedAt'>[];
  /** Absent while there are none. */
  readonly holds?: readonly Pick<Hold, 'id' | 'sessionId' | 'deviceId'>[];
}

/** `cutoff:*`, in every partition. */
export interface StandingCutoffs extends OfEvent {
  readonly state: CutoffsState;
}

/** `feed:<partition>`, the last record of each transaction: how far the partition is, whose turn it is. */
export interface StandingFeed {
  readonly v: 1;
  readonly partition: number;
  /** How many the topic has. */
  readonly partitions: number;
  /** Everything of the partition up to this place in the ledger is in the topic; null before anything is. */
  readonly position: string | null;
  /** Everything that was in the ledger at this instant is in the topic; null until the first is known. */
  readonly asOf: string | null;
  /** The last event folded, and where in `sallyport.events` the next is read. */
  readonly lastPosition: string | null;
  readonly nextOffset: string;
  /** Grows with each owner of the partition. */
  readonly epoch: number;
}

/** The version of all these shapes. */
export const standingVersion = 1;

/** What keys begin with. The last two are of accounts that are set aside: an event could not be folded. */
export const standingKinds = ['session', 'account', 'cutoff', 'feed', 'parked', 'parked-records'] as const;
export type StandingKind = (typeof standingKinds)[number];

/** The id in the key of the cutoffs. */
export const everyone = '*';

export function standingKey(kind: StandingKind, id: string): string {
  return `${kind}:${id}`;
}

/** The parts of a key; undefined for one of no known kind. */
export function readStandingKey(
  key: string,
): { readonly kind: StandingKind; readonly id: string } | undefined {
  const at = key.indexOf(':');
  const kind = standingKinds.find((known) => known === key.slice(0, at));
  return kind === undefined ? undefined : { kind, id: key.slice(at + 1) };
}

/** The values of the records that readers fold, by name of the message. */
export interface StandingMessages {
  readonly 'standing.session': StandingSession;
  readonly 'standing.account': StandingAccount;
  readonly 'standing.cutoff': StandingCutoffs;
  readonly 'standing.feed': StandingFeed;
}
