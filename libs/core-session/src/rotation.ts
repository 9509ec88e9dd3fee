// The rotation table of a refresh: which request gets a new token, the same again, a challenge, or nothing.
import { refreshRotated, reuseDetected, rotationRetried, staleTokenPresented } from './rotation-events.js';
import type { ProofFacts, ReuseRecord, RotateRefresh } from './rotation-events.js';
import { maxRecordedRetries } from './session-events.js';
import type { ReuseCause, SessionEvent, SessionState } from './session-events.js';
import { sessionStanding } from './standing.js';
import type { StandingInput, StandingReason } from './standing.js';

export type RotationRefusal = StandingReason | 'stale_token' | 'client_mismatch';

/**
 * - `rotate`: release the successor once the events are durable. `retry`: release the latest token again;
 *   where it is `sampled`, no event remembers the proof and the caller does, for a minute.
 * - `challenge`: `use_dpop_nonce`, with a nonce not older than `nonceFloorMs`; no verdict on the token.
 * - `replayed`: the proof was used before; `invalid_dpop_proof`, no verdict on the token.
 * - `behind`: the token says more than this store knows: retryable refusal and an alarm.
 * - `refuse`: `invalid_grant` or `invalid_scope`; `record` is reuse to note, aggregated where it appends
 *   nothing.
 */
export type RotationDecision =
  | { readonly kind: 'rotate'; readonly events: readonly SessionEvent[]; readonly scope: string }
  | {
      readonly kind: 'retry';
      readonly events: readonly SessionEvent[];
      readonly scope: string;
      readonly sampled?: true;
    }
  | { readonly kind: 'challenge'; readonly nonceFloorMs: number }
  | { readonly kind: 'replayed' }
  | { readonly kind: 'behind' }
  | {
      readonly kind: 'refuse';
      readonly error: 'invalid_grant' | 'invalid_scope';
      readonly reason?: RotationRefusal;
      readonly events: readonly SessionEvent[];
      readonly record?: ReuseRecord;
    };

const sampledNonceMaxAgeMs = 60_000;

/**
 * Rows 5 to 8: what can be said on a plain read, outside the stream's queue, so that strangers with a copied
 * token wait on nobody and nobody waits on them. Undefined: the request is the session's own and goes on.
 */
export function screenRotation(
  session: SessionState | undefined,
  command: RotateRefresh,
): RotationDecision | undefined {
  const { presented, proof } = command;
  if (session === undefined || presented.generation > session.generation) return { kind: 'behind' };
  const age = session.generation - presented.generation;
  const known =
    age === 0 ? session.fingerprint : age === 1 ? session.previousFingerprint : presented.fingerprint;
  if (known !== presented.fingerprint) return reuse('forged', command);
  if (session.jkt !== undefined && proof?.thumbprint !== session.jkt) {
    const ends = command.policy.wrongKeyEndsSession && session.status === 'active';
    return ends ? endingReuse(session, command, 'wrong_key') : reuse('wrong_key', command);
  }
  return proof === undefined || session.jkt === undefined ? undefined : screenReplay(session, command, proof);
}

/** Row 8. A proof that does not name its token needs a nonce given out since that token was made: it was made
 * for none before, and every proof used since then is remembered, here or (sampled ones) in memory for a
 * minute. */
function screenReplay(
  session: SessionState,
  command: RotateRefresh,
  proof: ProofFacts,
): RotationDecision | undefined {
  const used =
    session.proofs.includes(proof.proofHash) || session.earlierProofs?.includes(proof.proofHash) === true;
  if (used) return { kind: 'replayed' };
  const age = session.generation - command.presented.generation;
  if (proof.namesToken || age > 1) return undefined;
  const earlierSampled = (session.earlierProofs?.length ?? 0) > maxRecordedRetries;
  const sinceRotation = age === 0 || earlierSampled;
  const challenge = challengeBefore(
    proof,
    sinceRotation ? session.rotatedAt : (session.previousRotatedAt ?? session.startedAt),
  );
  if (challenge !== undefined) return challenge;
  return isSampled(session) ? challengeUnlessFresh(proof, command.nowMs) : undefined;
}

/** Whether the latest generation was retried so often that further retries are not recorded. */
function isSampled(session: SessionState): boolean {
  return (session.retries ?? 0) >= maxRecordedRetries;
}

/** What no event remembers is remembered in memory for a minute, so its nonce may not be older. */
function challengeUnlessFresh(proof: ProofFacts, nowMs: number): RotationDecision | undefined {
  return nowMs - proof.nonceTimeMs > sampledNonceMaxAgeMs
    ? { kind: 'challenge', nonceFloorMs: nowMs }
    : undefined;
}

/** All rows from 5 on, in order; the first that applies decides. Pure. */
export function rotate(state: StandingInput, order: RotateRefresh): RotationDecision {
  const { session } = state;
  const screened = screenRotation(session, order);
  if (screened !== undefined) return screened;
  // A bearer session has no key, so a proof sent along proves nothing about it.
  const command = session.jkt === undefined ? { ...order, proof: undefined } : order;
  const standing = sessionStanding(state, command.nowMs);
  if (standing.status === 'ended') return refuse(command, standing.reason);
  if (command.clientId !== session.clientId) return refuse(command, 'client_mismatch');
  const scope = grantedScope(session.scope, command.scope);
  if (scope === undefined) return { kind: 'refuse', error: 'invalid_scope', events: [] };
  switch (session.generation - command.presented.generation) {
    case 0:
      return { kind: 'rotate', events: [refreshRotated(session, command)], scope };
    case 1:
      return predecessor(session, command, scope);
    default:
      return older(session, command);
  }
}

/** Row 12 and its bearer counterpart in row 14. */
function predecessor(session: SessionState, command: RotateRefresh, scope: string): RotationDecision {
  if (session.jkt === undefined) {
    const graceEndsMs = Date.parse(session.rotatedAt) + command.policy.graceSeconds * 1000;
    if (command.policy.graceSeconds === 0 || command.nowMs > graceEndsMs)
      return endingReuse(session, command, 'superseded');
  }
  const { proof } = command;
  const forked =
    session.usesAttempts === true && proof !== undefined && proof.attemptHash !== session.attempt;
  if (forked) {
    const challenge = challengeBefore(proof, session.rotatedAt);
    if (challenge !== undefined) return challenge;
  }
  const sampled = isSampled(session);
  if (sampled) {
    const challenge = proof === undefined ? undefined : challengeUnlessFresh(proof, command.nowMs);
    if (challenge !== undefined) return challenge;
    const noted = !forked || session.flags?.includes('forked') === true;
    if (noted) return { kind: 'retry', events: [], scope, sampled };
  }
  const retry = rotationRetried(session, command);
  const events = forked ? [retry, forkOf(retry.data.state, command)] : [retry];
  return { kind: 'retry', events, scope, ...(sampled ? { sampled } : {}) };
}

function forkOf(session: SessionState, { presented, network }: RotateRefresh): SessionEvent {
  return reuseDetected(session, { cause: 'forked', presented: presented.generation, network }, { count: 1 });
}

/** Row 13, and older bearer tokens of row 14. */
function older(session: SessionState, command: RotateRefresh): RotationDecision {
  if (session.jkt === undefined || command.proof === undefined)
    return endingReuse(session, command, 'superseded');
  const challenge = challengeBefore(command.proof, session.rotatedAt);
  if (challenge !== undefined) return challenge;
  const refusal = refuse(command, 'stale_token');
  const { presented, network } = command;
  const record: ReuseRecord = { cause: 'stale_token', presented: presented.generation, network };
  if (!command.policy.staleTokenEndsSession) return { ...refusal, record };
  return { ...refusal, events: [staleTokenPresented(session, record, { count: 1, ends: true })] };
}

function reuse(cause: ReuseCause, { presented, network }: RotateRefresh): RotationDecision {
  const record = { cause, presented: presented.generation, network };
  return { kind: 'refuse', error: 'invalid_grant', events: [], record };
}

function endingReuse(
  session: SessionState,
  { presented, network }: RotateRefresh,
  cause: ReuseCause,
): RotationDecision {
  const record = { cause, presented: presented.generation, network };
  const event = reuseDetected(session, record, { count: 1, ends: true });
  return { kind: 'refuse', error: 'invalid_grant', events: [event] };
}

/** Only a caller who proved the session's key is told the reason. */
function refuse(
  command: RotateRefresh,
  reason: RotationRefusal,
): Extract<RotationDecision, { kind: 'refuse' }> {
  return {
    kind: 'refuse',
    error: 'invalid_grant',
    events: [],
    ...(command.proof === undefined ? {} : { reason }),
  };
}

function challengeBefore(proof: ProofFacts, time: string): RotationDecision | undefined {
  const floorMs = Date.parse(time);
  return proof.nonceTimeMs < floorMs ? { kind: 'challenge', nonceFloorMs: floorMs } : undefined;
}

/** The scope to grant: the asked one when it lies within the granted one (RFC 6749 section 6), else
 * undefined. */
export function grantedScope(granted: string, asked: string | undefined): string | undefined {
  if (asked === undefined || asked === granted) return granted;
  const within = new Set(granted.split(' '));
  return asked.split(' ').every((scope) => within.has(scope)) ? asked : undefined;
}
