// What can have happened in a session, the state every event carries, and how the events fold.

/** Where a request came from, coarse. "Where a request came from" is never "the device". */
export interface Network {
  /** ISO 3166-1 alpha-2, or null when unknown. */
  readonly country: string | null;
  readonly asn: number | null;
  readonly kind: 'residential' | 'mobile' | 'hosting' | 'vpn' | 'tor' | 'unknown';
  /** The address under a key of the account: equal addresses have equal tags within one account only. */
  readonly ipTag: string;
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

export type SessionFlag = ReuseCause | 'stale_token';

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
  readonly data: { readonly proof?: string; readonly attempt?: string; readonly state: SessionState };
}
export interface StaleTokenPresented {
  readonly type: 'session.stale-token-presented';
  readonly data: {
    readonly presented: number;
    readonly count: number;
    readonly ends?: true;
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
    readonly state: SessionState;
  };
}
/** Appended at any revision, so that nobody can hold it up; carries no state. */
export interface SessionRevoked {
  readonly type: 'session.revoked';
  readonly data: { readonly cause: EndCause; readonly accountId: string; readonly reason?: string };
}

export type SessionEvent =
  SessionStarted | RefreshRotated | RotationRetried | StaleTokenPresented | ReuseDetected | SessionRevoked;

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
    case 'session.revoked':
      return { ...before, status: 'ended', endCause: before.endCause ?? event.data.cause };
    default:
      return unknownEvent(event);
  }
}

/** The state the event carries, or undefined when it carries none, or one of another version. */
export function carriedSession(event: {
  readonly type: string;
  readonly data: object;
}): SessionState | undefined {
  const { state } = event.data as { state?: SessionState };
  return state?.v === 1 ? state : undefined;
}

/** What a rotation says of itself; everything else follows from the state before. */
function afterRotation(before: SessionState, said: SessionState): SessionState {
  const { attempt: _attempt, retries: _retries, earlierProofs: _earlier, ...kept } = before;
  return {
    ...kept,
    generation: before.generation + 1,
    keyId: said.keyId,
    fingerprint: said.fingerprint,
    previousFingerprint: before.fingerprint,
    rotatedAt: said.rotatedAt,
    previousRotatedAt: before.rotatedAt,
    idleExpiresAt: said.idleExpiresAt,
    proofs: said.proofs.slice(0, 1),
    ...(before.proofs.length === 0 ? {} : { earlierProofs: before.proofs }),
    ...(said.attempt === undefined ? {} : { attempt: said.attempt, usesAttempts: true as const }),
    ...(said.network === undefined ? {} : { network: said.network }),
    ...(said.appVersion === undefined ? {} : { appVersion: said.appVersion }),
  };
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
