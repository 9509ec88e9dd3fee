// What a refresh brings, and the events it can make, each with the state after it.
import { isoTime } from './iso-time.js';
import type { SessionPolicy } from './policy.js';
import { afterRotation, evolveSession } from './session-events.js';
import type { Network, ReuseCause, SessionEvent, SessionState } from './session-events.js';

/** What a verified key proof says (RFC 9449), as far as the decision needs it. */
export interface ProofFacts {
  /** RFC 7638 thumbprint of the key that signed it. */
  readonly thumbprint: string;
  /** Short hash of its id. */
  readonly proofHash: string;
  /** Hash of its `attempt` claim. */
  readonly attemptHash?: string;
  /** When its nonce was made, milliseconds since the epoch. */
  readonly nonceTimeMs: number;
  /** Whether it carries `ath` of the presented token. */
  readonly namesToken: boolean;
}

/** A refresh, after its token's tag and its proof were checked. */
export interface RotateRefresh {
  readonly nowMs: number;
  readonly clientId: string;
  /** Scope asked for (RFC 6749 section 6); the granted one when absent. */
  readonly scope?: string;
  readonly presented: { readonly generation: number; readonly fingerprint: string };
  readonly proof?: ProofFacts;
  /** The successor of the presented token under today's refresh key. */
  readonly successor: { readonly fingerprint: string; readonly keyId: string };
  readonly policy: SessionPolicy;
  readonly network?: Network;
  readonly appVersion?: string;
}

/** A use of a token that got nothing, to be recorded once per session, cause and interval. */
export interface ReuseRecord {
  readonly cause: ReuseCause | 'stale_token';
  readonly presented: number;
  /** Where the request came from. */
  readonly network?: Network;
}

/** The event of a rotation: the presented token was the latest, its successor is now. */
export function refreshRotated(
  session: SessionState,
  { nowMs, proof, successor, policy, ...command }: RotateRefresh,
): SessionEvent {
  const idleEnds = isoTime(nowMs + policy.idleSeconds * 1000);
  const state = afterRotation(session, {
    keyId: successor.keyId,
    fingerprint: successor.fingerprint,
    rotatedAt: isoTime(nowMs),
    idleExpiresAt: idleEnds < session.expiresAt ? idleEnds : session.expiresAt,
    proofs: proof === undefined ? [] : [proof.proofHash],
    attempt: proof?.attemptHash,
    network: command.network,
    appVersion: command.appVersion,
  });
  return { type: 'session.refresh-rotated', data: { state } };
}

type Retried = Extract<SessionEvent, { type: 'session.rotation-retried' }>;

/** The event of a retry: the predecessor was presented, the latest is given out again. */
export function rotationRetried(session: SessionState, { proof, network }: RotateRefresh): Retried {
  const attempt = proof?.attemptHash === undefined ? {} : { attempt: proof.attemptHash };
  const facts = { ...(proof === undefined ? {} : { proof: proof.proofHash }), ...attempt, ...from(network) };
  const fact: Retried = { type: 'session.rotation-retried', data: { ...facts, state: session } };
  return { ...fact, data: { ...facts, state: evolveSession(session, fact) } };
}

/** The event of a reuse, with the state after it. */
export function reuseDetected(
  session: SessionState,
  record: ReuseRecord & { readonly cause: ReuseCause },
  { count, ends }: { readonly count: number; readonly ends?: true },
): SessionEvent {
  const { cause, presented, network } = record;
  const facts = { cause, presented, count, ...(ends === undefined ? {} : { ends }), ...from(network) };
  const fact: SessionEvent = { type: 'session.reuse-detected', data: { ...facts, state: session } };
  return { ...fact, data: { ...facts, state: evolveSession(session, fact) } };
}

/** The event of a stale token, with the state after it. */
export function staleTokenPresented(
  session: SessionState,
  record: Omit<ReuseRecord, 'cause'>,
  { count, ends }: { readonly count: number; readonly ends?: true },
): SessionEvent {
  const { presented, network } = record;
  const facts = { presented, count, ...(ends === undefined ? {} : { ends }), ...from(network) };
  const fact: SessionEvent = { type: 'session.stale-token-presented', data: { ...facts, state: session } };
  return { ...fact, data: { ...facts, state: evolveSession(session, fact) } };
}

function from(network: Network | undefined): { readonly network?: Network } {
  return network === undefined ? {} : { network };
}
