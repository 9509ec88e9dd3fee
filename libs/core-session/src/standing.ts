// Whether a session may act, and why not: the one function that issuer, views, checks and auditors all call.
import type { AccountState } from './account-events.js';
import { isoTime } from './iso-time.js';
import type { SessionState } from './session-events.js';
import type { CutoffsState } from './system-events.js';

/** Why a session may not act. Shown only to callers who proved the session's key. */
export const standingReasons = [
  'expired',
  'revoked',
  'device_revoked',
  'password_changed',
  'reauthentication_required',
  'locked',
  'cut_off',
  'closed',
] as const;
export type StandingReason = (typeof standingReasons)[number];

export type Standing =
  { readonly status: 'active' } | { readonly status: 'ended'; readonly reason: StandingReason };

const active: Standing = { status: 'active' };

/** The states that a session's standing is judged on. */
export interface StandingInput {
  readonly sessionId: string;
  readonly session: SessionState;
  readonly account: AccountState | undefined;
  readonly cutoffs: CutoffsState;
}

/** What of these states counts: all that a reader needs who judges by a copy. */
export interface Judged {
  readonly sessionId: string;
  readonly session: JudgedSession;
  readonly account: JudgedAccount | undefined;
  readonly cutoffs: CutoffsState;
}
export type JudgedSession = Pick<
  SessionState,
  'status' | 'deviceId' | 'clientId' | 'jkt' | 'marker' | 'idleExpiresAt' | 'expiresAt'
>;
export interface JudgedAccount extends Pick<AccountState, 'status' | 'ends'> {
  readonly devices: readonly { readonly id: string }[];
}

/**
 * The standing at `nowMs` (milliseconds since the epoch). Revoking facts count by revision against the
 * session's marker; the clock serves only for expiry. Pure.
 */
export function sessionStanding(input: Judged, nowMs: number): Standing {
  const { session, account } = input;
  const byAccount = account === undefined ? 'closed' : accountReason(input.sessionId, session, account);
  const reason =
    (session.status === 'ended' ? 'revoked' : undefined) ?? byAccount ?? cutoffReason(session, input.cutoffs);
  if (reason !== undefined) return { status: 'ended', reason };
  const now = isoTime(nowMs);
  const expired = now >= session.expiresAt || now >= session.idleExpiresAt;
  return expired ? { status: 'ended', reason: 'expired' } : active;
}

function accountReason(
  sessionId: string,
  session: JudgedSession,
  account: JudgedAccount,
): StandingReason | undefined {
  switch (account.status) {
    case 'erased':
    case 'closed':
      return 'closed';
    case 'locked':
      return 'locked';
    case 'open':
      break;
    default:
      return neverStatus(account.status);
  }
  const { deviceId } = session;
  if (deviceId !== undefined && !account.devices.some((device) => device.id === deviceId))
    return 'device_revoked';
  if (!endedByAccount(sessionId, session.marker.account, account)) return undefined;
  const { ends } = account;
  // A session that the latest fact spared was ended by one before it.
  const fact = ends?.except === sessionId ? ends.exceptFact : ends?.fact;
  return fact === 'password_changed' || fact === 'reauthentication_required' ? fact : 'revoked';
}

/** Whether a fact that ended the account's sessions at once ended one authenticated at `marker`. */
export function endedByAccount(
  sessionId: string,
  marker: number,
  { ends }: Pick<AccountState, 'ends'>,
): boolean {
  if (ends === undefined) return false;
  if (ends.except === sessionId) return ends.exceptBefore !== undefined && marker < ends.exceptBefore;
  return marker < ends.revision;
}

function cutoffReason(session: JudgedSession, cutoffs: CutoffsState): StandingReason | undefined {
  const { cutoffs: marker } = session.marker;
  const reached = (revision: number | undefined): boolean => revision !== undefined && marker < revision;
  const cut =
    reached(cutoffs.all) ||
    (session.jkt === undefined && reached(cutoffs.bearer)) ||
    reached(cutoffs.clients?.[session.clientId]);
  return cut ? 'cut_off' : undefined;
}

function neverStatus(status: never): never {
  throw new Error(`unknown account status ${String(status)}`);
}
