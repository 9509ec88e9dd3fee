// What can have happened in a session, the state every event carries, and how the events fold.
import type { RuleDecision } from './rule-decisions.js';
import type { SensitiveActionChecked, StepUpCompleted } from './later-events.js';

/** Where a request came from, coarse, derived when the event is made. Never "the device": a proxy or a server
 * may stand between. */
export interface Network {
  /** ISO 3166-1 alpha-2, or null when unknown. */
  readonly country: string | null;
  readonly asn: number | null;
  readonly kind: 'residential' | 'mobile' | 'hosting' | 'vpn' | 'tor' | 'unknown';
  /** The address under a key of the account: equal addresses have equal tags within one account only. */
  readonly ipTag: string;
  /** The network (IPv4 address, IPv6 /64) under a key of the UTC day: equal networks have equal tags in all
   * accounts, on one day only. */
  readonly dayTag?: string;
  /** Degrees, on a grid of half a degree; the request came from within `radiusKm` of it, as far as a city
   * database knows. */
  readonly place?: { readonly lat: number; readonly lon: number; readonly radiusKm: number };
  /** The request came from a client registered `serverSide`: a data centre, not a person's whereabouts. */
  readonly server?: true;
}

/** The revisions on which an authentication was decided, read before credentials were checked. */
export interface Marker {
  readonly account: number;
  readonly cutoffs: number;
}

/** Why a refresh token's use was taken for reuse. */
export const reuseCauses = ['forged', 'wrong_key', 'forked', 'superseded'] as const;
export type ReuseCause = (typeof reuseCauses)[number];

/** Why a session ended by an event of its own. */
export const endCauses = [
  'user',
  'operator',
  'client',
  'code_reused',
  'token_reused',
  'wrong_key',
  'stale_token',
] as const;
export type EndCause = (typeof endCauses)[number];

/** `anomaly`: a rule's finding. */
export type SessionFlag = ReuseCause | 'stale_token' | 'anomaly';

/** The folded state of a session, carried by each of its events but `session.revoked`. Times are ISO 8601,
 * UTC. */
export interface SessionState {
  /** Version of this shape; another one forces a fold of the full history. */
  readonly v: 1;
  readonly status: 'active' | 'ended';
  readonly endCause?: EndCause;
  readonly accountId: string;
  /** Absent for a bearer session: a device is known by its key. */
  readonly deviceId?: string;
  readonly clientId: string;
  /** Space-separated, as granted. */
  readonly scope: string;
  /** RFC 7638 thumbprint of the device's key; absent for a bearer session. */
  readonly jkt?: string;
  /** The latest refresh token's number in this session, from 0. */
  readonly generation: number;
  /** The refresh key of that generation; empty when the grant has no refresh token. */
  readonly keyId: string;
  /** SHA-256 of that generation's token, and of its predecessor's. */
  readonly fingerprint: string;
  readonly previousFingerprint?: string;
  readonly marker: Marker;
  readonly startedAt: string;
  readonly authTime: string;
  /** When the latest generation was made, and its predecessor. */
  readonly rotatedAt: string;
  readonly previousRotatedAt?: string;
  readonly idleExpiresAt: string;
  readonly expiresAt: string;
  readonly acr: string;
  readonly amr: readonly string[];
  /** Short hashes of the proof ids that made the latest rotation (or the exchange) and its recorded retries.
   * */
  readonly proofs: readonly string[];
  /** The same of the generation before. */
  readonly earlierProofs?: readonly string[];
  /** How often the latest rotation was answered again, as far as recorded. */
  readonly retries?: number;
  /** Hash of the attempt that made the latest rotation. */
  readonly attempt?: string;
  /** Whether any rotation of this session carried an attempt. */
  readonly usesAttempts?: true;
  readonly flags?: readonly SessionFlag[];
  readonly network?: Network;
  readonly appVersion?: string;
}

export interface SessionStarted {
  readonly type: 'session.started';
  readonly data: { readonly state: SessionState };
}
export interface RefreshRotated {
  readonly type: 'session.refresh-rotated';
  readonly data: { readonly state: SessionState };
}
export interface RotationRetried {
  readonly type: 'session.rotation-retried';
  readonly data: {
    readonly proof?: string;
    readonly attempt?: string;
    /** Where the retry came from; the state keeps the network of the rotation. */
    readonly network?: Network;
    readonly state: SessionState;
  };
}
export interface StaleTokenPresented {
  readonly type: 'session.stale-token-presented';
  readonly data: {
    readonly presented: number;
    readonly count: number;
    readonly ends?: true;
    /** Where the latest of them came from; the state keeps the network of the session's own rotation. */
    readonly network?: Network;
    readonly state: SessionState;
  };
}
export interface ReuseDetected {
  readonly type: 'session.reuse-detected';
  readonly data: {
    readonly cause: ReuseCause;
    /** The generation presented. */
    readonly presented: number;
    /** How often since the last event of this cause; repeated ones are recorded once per interval. */
    readonly count: number;
    readonly ends?: true;
    /** Where the latest of them came from. */
    readonly network?: Network;
    readonly state: SessionState;
  };
}
/** Worth a look, and nothing else: a flag ends and holds nothing. */
export interface SessionFlagged {
  readonly type: 'session.flagged';
  readonly data: {
    readonly flag: SessionFlag;
    readonly reason?: string;
    readonly decision?: RuleDecision;
    readonly state: SessionState;
  };
}
/** Appended at any revision, so that nobody can hold it up; carries no state. */
export interface SessionRevoked {
  readonly type: 'session.revoked';
  readonly data: { readonly cause: EndCause; readonly accountId: string; readonly reason?: string };
}

export type SessionEvent =
  | SessionStarted
  | RefreshRotated
  | RotationRetried
  | StaleTokenPresented
  | ReuseDetected
  | SessionFlagged
  | SessionRevoked
  | StepUpCompleted<SessionState>
  | SensitiveActionChecked<SessionState>;

/** Retries of one generation that are recorded, each with its proof id; what comes after them is sampled. */
export const maxRecordedRetries = 16;

/** The state after the event, folded from the state before it and the event's own facts. Pure. Throws on an
 * unknown type and on an event that cannot follow the state. */
export function evolveSession(before: SessionState | undefined, event: SessionEvent): SessionState {
  if (event.type === 'session.started') {
    if (before !== undefined) throw new Error('session.started in a session that was started');
    return event.data.state;
  }
  if (before === undefined) throw new Error(`${event.type} before session.started`);
  switch (event.type) {
    case 'session.refresh-rotated':
      return afterRotation(before, event.data.state);
    case 'session.rotation-retried':
      return afterRetry(before, event.data);
    case 'session.stale-token-presented':
      return flagged(before, 'stale_token', event.data.ends === true ? 'stale_token' : undefined);
    case 'session.reuse-detected':
      return flagged(
        before,
        event.data.cause,
        event.data.ends === true ? endCauseOf(event.data.cause) : undefined,
      );
    case 'session.flagged':
      return flagged(before, event.data.flag, undefined);
    case 'session.revoked':
      return afterRevocation(before, event.data);
    case 'session.step-up-completed': {
      const { acr, amr, authTime } = event.data;
      return { ...before, acr, amr, authTime };
    }
    case 'session.sensitive-action-checked':
      return before;
    default:
      return unknownEvent(event);
  }
}

/** The state after `session.revoked`, the one event that carries none: who keeps part of it needs this. */
export function afterRevocation<S extends Pick<SessionState, 'status' | 'endCause'>>(
  before: S,
  { cause }: Pick<SessionRevoked['data'], 'cause'>,
): S {
  return { ...before, status: 'ended', endCause: before.endCause ?? cause };
}

/** The state the event carries, or undefined when it carries none, or one of another version. */
export function carriedSession(event: {
  readonly type: string;
  readonly data: object;
}): SessionState | undefined {
  const { state } = event.data as { state?: SessionState };
  return state?.v === 1 ? state : undefined;
}

/** What a rotation says of itself. */
export type RotationFacts = Pick<
  SessionState,
  'keyId' | 'fingerprint' | 'rotatedAt' | 'idleExpiresAt' | 'proofs' | 'attempt' | 'network' | 'appVersion'
>;

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] };

/**
 * The state after a rotation: what it says of itself; everything else follows from the state before. Every
 * member is written out: an object made so costs a tenth of one that is copied and changed, and this is the
 * one state that is made with each refresh. Not kept: the retries and the attempt of the generation before.
 */
export function afterRotation(before: SessionState, said: RotationFacts): SessionState {
  const after: Mutable<SessionState> = {
    v: before.v,
    status: before.status,
    accountId: before.accountId,
    clientId: before.clientId,
    scope: before.scope,
    generation: before.generation + 1,
    keyId: said.keyId,
    fingerprint: said.fingerprint,
    previousFingerprint: before.fingerprint,
    marker: before.marker,
    startedAt: before.startedAt,
    authTime: before.authTime,
    rotatedAt: said.rotatedAt,
    previousRotatedAt: before.rotatedAt,
    idleExpiresAt: said.idleExpiresAt,
    expiresAt: before.expiresAt,
    acr: before.acr,
    amr: before.amr,
    proofs: said.proofs.length > 1 ? said.proofs.slice(0, 1) : said.proofs,
  };
  const { deviceId, jkt, endCause, flags } = before;
  const { network = before.network, appVersion = before.appVersion, attempt } = said;
  // In this order always, so that the states of all sessions have few shapes.
  if (deviceId !== undefined) after.deviceId = deviceId;
  if (jkt !== undefined) after.jkt = jkt;
  if (before.proofs.length > 0) after.earlierProofs = before.proofs;
  if (network !== undefined) after.network = network;
  if (attempt !== undefined) after.attempt = attempt;
  if (attempt !== undefined || before.usesAttempts === true) after.usesAttempts = true;
  if (appVersion !== undefined) after.appVersion = appVersion;
  if (flags !== undefined) after.flags = flags;
  if (endCause !== undefined) after.endCause = endCause;
  return after;
}

function afterRetry(before: SessionState, data: RotationRetried['data']): SessionState {
  const proofs = data.proof === undefined ? before.proofs : [...before.proofs, data.proof];
  return { ...before, proofs: proofs.slice(0, 1 + maxRecordedRetries), retries: (before.retries ?? 0) + 1 };
}

function flagged(before: SessionState, flag: SessionFlag, endCause: EndCause | undefined): SessionState {
  const flags = before.flags?.includes(flag) === true ? before.flags : [...(before.flags ?? []), flag];
  return { ...before, flags, ...(endCause === undefined ? {} : { status: 'ended' as const, endCause }) };
}

function endCauseOf(cause: ReuseCause): EndCause {
  return cause === 'wrong_key' ? 'wrong_key' : 'token_reused';
}

function unknownEvent(event: never): never {
  throw new Error(`unknown session event ${(event as { type: string }).type}`);
}
