// The rows of the views over sessions, and what a fold sees of an event and of its rows.
import type {
  AccountState,
  CutoffsState,
  DeviceRevocationCause,
  EndCause,
  SessionState,
} from '@sallyport/core-session';

/** A stored event as folds see it; what the engine's recorded events have. */
export interface ViewEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  /** A decimal integer as a string, without leading zeros. */
  readonly position: string;
  /** The account's id, or `*`. */
  readonly partitionKey: string;
  /** The store's clock, ISO 8601 in UTC. */
  readonly recordedAt: string;
  readonly type: string;
  readonly data: object;
  readonly personal?: string;
  readonly actor: { readonly kind: string; readonly id?: string };
}

export interface ViewRecord {
  readonly key: string;
  readonly owner: string;
  readonly body: object;
}

/** The rows an event may read and write: those it named. */
export interface ViewRows {
  get(view: string, key: string): ViewRecord | undefined;
  put(view: string, row: ViewRecord): void;
}

export interface ViewHandler {
  touches(event: ViewEvent): readonly { readonly view: string; readonly key: string }[];
  apply(event: ViewEvent, rows: ViewRows): void;
}

/** A sealed personal part and the place it is bound to: opened on read while the account's key exists. */
export interface SealedPersonal {
  readonly stream: string;
  readonly eventId: string;
  readonly sealed: string;
}

/** View `session`: key is the session's id, owner its account's. Its standing is judged on read. */
export interface SessionRow {
  readonly state: SessionState;
  /** When the session was last used with its own token, store time. */
  readonly lastActiveAt: string;
  /** Of `session.started`. */
  readonly personal?: SealedPersonal;
  /** The event of its own that ended it, if one did. */
  readonly ended?: { readonly at: string; readonly cause: EndCause; readonly by: string };
}

/** View `account`: key and owner are the account's id. */
export interface AccountRow {
  readonly revision: number;
  readonly state: AccountState;
}

/** View `device`: key is the device's id, owner its account's. When it was last active, its sessions tell. */
export interface DeviceRow {
  readonly clientId: string;
  /** RFC 7638 thumbprint of its key. */
  readonly jkt: string;
  readonly linkedAt: string;
  /** `lost`: its key is refused for good. */
  readonly status: 'linked' | 'revoked' | 'lost';
  readonly revokedAt?: string;
  readonly revokedFor?: DeviceRevocationCause;
  /** Of `account.device-linked`. */
  readonly personal?: SealedPersonal;
}

/** View `cutoffs`: one row, key and owner `cutoffs`. */
export interface CutoffsRow {
  readonly revision: number;
  readonly state: CutoffsState;
}

export const sessionViews = {
  session: 'session',
  account: 'account',
  device: 'device',
  cutoffs: 'cutoffs',
} as const;

/** Key and owner of the one row of `cutoffs`. */
export const cutoffsKey = 'cutoffs';
