// Decisions about a session besides its rotation: start it, end it, flag it, note a token's misuse.
import { isoTime } from './iso-time.js';
import type { ReuseRecord } from './rotation-events.js';
import { reuseDetected, staleTokenPresented } from './rotation-events.js';
import { isEnforced } from './rule-decisions.js';
import type { RuleDecision } from './rule-decisions.js';
import { evolveSession } from './session-events.js';
import type { EndCause, Marker, Network, SessionEvent, SessionFlag, SessionState } from './session-events.js';
import type { SessionPolicy } from './policy.js';
import type { AccountState } from './account-events.js';
import { sessionStanding } from './standing.js';
import type { Standing, StandingInput } from './standing.js';
import type { CutoffsState } from './system-events.js';

/** What an authorization code carries (sealed; nothing is stored). Times in milliseconds since the epoch. */
export interface CodeGrant {
  readonly sessionId: string;
  readonly accountId: string;
  readonly clientId: string;
  readonly scope: string;
  readonly marker: Marker;
  readonly authTimeMs: number;
  readonly acr: string;
  readonly amr: readonly string[];
}

/** An exchange of a code, after verifier, client, redirect URI and key were checked. */
export interface StartSession {
  readonly nowMs: number;
  readonly grant: CodeGrant;
  readonly policy: SessionPolicy;
  /** The first refresh token; absent when the grant has none. */
  readonly token?: { readonly fingerprint: string; readonly keyId: string };
  /** The device's key and the exchange's proof; absent for a bearer session. */
  readonly key?: {
    readonly jkt: string;
    readonly deviceId: string;
    readonly proofHash: string;
    readonly nonceTimeMs: number;
  };
  readonly network?: Network;
  readonly appVersion?: string;
}

/** What exists already: the session of this code, and the state it was started with. */
export interface StartState {
  readonly session: SessionState | undefined;
  readonly started: SessionState | undefined;
  readonly account: AccountState | undefined;
  readonly cutoffs: CutoffsState;
}

export type StartDecision =
  | { readonly kind: 'started'; readonly events: readonly SessionEvent[] }
  | { readonly kind: 'ended'; readonly standing: Extract<Standing, { status: 'ended' }> }
  | { readonly kind: 'replayed' }
  /** The code was exchanged before. The events end its session, unless this is an overtaken retry of the
   * first. */
  | { readonly kind: 'code_reused'; readonly events: readonly SessionEvent[] };

/** Creates the session a code stands for, which can happen once. Pure. */
export function startSession(state: StartState, command: StartSession): StartDecision {
  if (state.session !== undefined) return secondExchange(state, command);
  const session = newSession(command);
  const standing = sessionStanding(
    { sessionId: command.grant.sessionId, session, account: state.account, cutoffs: state.cutoffs },
    command.nowMs,
  );
  if (standing.status === 'ended') return { kind: 'ended', standing };
  return { kind: 'started', events: [{ type: 'session.started', data: { state: session } }] };
}

function secondExchange({ session, started }: StartState, { key, grant }: StartSession): StartDecision {
  if (key !== undefined && started?.proofs.includes(key.proofHash) === true) return { kind: 'replayed' };
  // A bearer session has no key that could be wrong, so a proof sent along does not save it.
  const keyBound = started?.jkt !== undefined;
  const otherKey = keyBound && started.jkt !== key?.jkt;
  const overtaken = keyBound && key !== undefined && key.nonceTimeMs < Date.parse(started.startedAt);
  if (otherKey || overtaken || session?.status === 'ended') return { kind: 'code_reused', events: [] };
  return { kind: 'code_reused', events: [revoked('code_reused', grant.accountId)] };
}

function newSession({ nowMs, grant, policy, key, token, ...command }: StartSession): SessionState {
  const startedAt = isoTime(nowMs);
  const endsMs = nowMs + (token === undefined ? policy.accessTokenSeconds : policy.absoluteSeconds) * 1000;
  return {
    v: 1,
    status: 'active',
    accountId: grant.accountId,
    ...(key === undefined ? {} : { deviceId: key.deviceId, jkt: key.jkt }),
    clientId: grant.clientId,
    scope: grant.scope,
    generation: 0,
    keyId: token?.keyId ?? '',
    fingerprint: token?.fingerprint ?? '',
    marker: grant.marker,
    startedAt,
    authTime: isoTime(grant.authTimeMs),
    rotatedAt: startedAt,
    idleExpiresAt: isoTime(Math.min(nowMs + policy.idleSeconds * 1000, endsMs)),
    expiresAt: isoTime(endsMs),
    acr: grant.acr,
    amr: grant.amr,
    proofs: key === undefined ? [] : [key.proofHash],
    ...(command.network === undefined ? {} : { network: command.network }),
    ...(command.appVersion === undefined ? {} : { appVersion: command.appVersion }),
  };
}

/** Ends a session, unless it has ended already. Appended at any revision. Pure. */
export function revokeSession(
  session: SessionState | undefined,
  command: { readonly cause: EndCause; readonly reason?: string },
): readonly SessionEvent[] {
  if (session === undefined || session.status === 'ended') return [];
  return [revoked(command.cause, session.accountId, command.reason)];
}

/**
 * Notes uses of a token that got nothing: `count` of one cause since the last note. Of a session that is over
 * a cause is noted once: whoever keeps a dead token could write without end otherwise. Pure.
 */
export function recordReuse(
  session: SessionState | undefined,
  record: ReuseRecord,
  { count, over }: { readonly count: number; readonly over: boolean },
): readonly SessionEvent[] {
  if (session === undefined || (over && session.flags?.includes(record.cause) === true)) return [];
  if (record.cause === 'stale_token') return [staleTokenPresented(session, record, { count })];
  return [reuseDetected(session, { ...record, cause: record.cause }, { count })];
}

/** Flags a session, unless it has the flag or its account knows the decision. Pure. */
export function flagSession(
  { session, account }: Pick<StandingInput, 'account'> & { readonly session: SessionState | undefined },
  command: { readonly flag: SessionFlag; readonly reason?: string; readonly decision?: RuleDecision },
): readonly SessionEvent[] {
  const { flag, reason, decision } = command;
  const known = session?.flags?.includes(flag) === true || isEnforced(account ?? {}, decision);
  if (session === undefined || known) return [];
  const facts = {
    flag,
    ...(reason === undefined ? {} : { reason }),
    ...(decision === undefined ? {} : { decision }),
  };
  const fact: SessionEvent = { type: 'session.flagged', data: { ...facts, state: session } };
  return [{ ...fact, data: { ...facts, state: evolveSession(session, fact) } }];
}

function revoked(cause: EndCause, accountId: string, reason?: string): SessionEvent {
  return { type: 'session.revoked', data: { cause, accountId, ...(reason === undefined ? {} : { reason }) } };
}
