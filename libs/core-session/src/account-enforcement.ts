// Graded decisions about an account, by rules and operators: hold, release, new sign-in, lock, unlock.
import type { AccountState, HoldReleased } from './account-events.js';
import { carry, gone, notOpen, nothing, reasonOf, refused } from './account-decision.js';
import type { AccountAt, AccountDecision, AccountFact } from './account-decision.js';
import { holdsReleasedBy, keepHolds, widened } from './account-holds.js';
import type { Hold, NewHold, ReleaseCause } from './account-holds.js';
import { isEnforced } from './rule-decisions.js';
import type { RuleDecision } from './rule-decisions.js';

type Released = Omit<HoldReleased['data'], 'holdId' | 'state'>;

/** Why, and the rule's decision where a rule orders it: one that the account knows yields no events. */
export interface Ordering {
  readonly reason: string;
  readonly decision?: RuleDecision;
}

/** Holds the sensitive actions of a session or, without one, of the account; also of a locked one, whose
 * unlocking releases no hold. Pure, like all below. */
export function holdSensitiveActions(
  at: AccountAt,
  command: {
    readonly hold: NewHold;
    readonly decision?: RuleDecision;
    /** Sessions of the account that are over: their holds make room. */
    readonly over?: readonly string[];
  },
): AccountDecision {
  const blocked = gone(at.account);
  if (blocked !== undefined) return blocked;
  const account = at.account as AccountState;
  if (isEnforced(account, command.decision)) return nothing;
  const spent = (account.holds ?? []).filter(({ sessionId }) => {
    return sessionId !== undefined && command.over?.includes(sessionId) === true;
  });
  const kept = keepHolds(account, (hold) => !spent.includes(hold));
  const data = { hold: widened(kept, command.hold), ...decided(command) };
  const released = spent.map((hold) => releasing(hold, { cause: 'session_ended' }));
  return { events: carry(at, ...released, { type: 'account.sensitive-actions-held', data }) };
}

/** Releases one hold, or all. What its rule decides on events up to `seen`, a position, is cleared too. */
export function releaseHold(
  at: AccountAt,
  command: {
    readonly holdId?: string;
    readonly cause: ReleaseCause;
    readonly reason?: string;
    readonly seen?: string;
  },
): AccountDecision {
  const blocked = gone(at.account);
  if (blocked !== undefined) return blocked;
  const { holds = [] } = at.account as AccountState;
  const named = holds.filter(({ id }) => command.holdId === undefined || command.holdId === id);
  if (named.length === 0) return command.holdId === undefined ? nothing : refused('hold_unknown');
  return release(at, named, { cause: command.cause, ...reasonOf(command), ...seenBy(command) });
}

/** Releases the holds of a device's sessions after a strong authentication on it, decided on the account at
 * revision `marker`: it has to be newer than the hold. */
export function stepUp(
  at: AccountAt,
  by: { readonly deviceId: string; readonly marker: number },
): AccountDecision {
  const blocked = notOpen(at.account);
  if (blocked !== undefined) return blocked;
  const holds = holdsReleasedBy(at.account as AccountState, by);
  return holds.length === 0 ? nothing : release(at, holds, { cause: 'step_up' });
}

/** Ends every session; signing in again is open to everybody who can. */
export function requireReauthentication(at: AccountAt, command: Ordering): AccountDecision {
  const blocked = gone(at.account);
  if (blocked !== undefined) return blocked;
  if (isEnforced(at.account as AccountState, command.decision)) return nothing;
  const data = { reason: command.reason, ...decided(command) };
  return { events: carry(at, { type: 'account.reauthentication-required', data }) };
}

/** Locks the account and ends every session; unlocking revives none of them. A rule's decision on an account
 * that is locked is noted, or it would lock again after the unlocking. */
export function lockAccount(at: AccountAt, command: Ordering): AccountDecision {
  const isLocked = at.account?.status === 'locked';
  if (isLocked && command.decision === undefined) return nothing;
  const blocked = gone(at.account);
  if (blocked !== undefined) return blocked;
  if (isEnforced(at.account as AccountState, command.decision)) return nothing;
  const data = { reason: command.reason, ...decided(command) };
  return { events: carry(at, { type: 'account.locked', data }) };
}

/** Unlocks the account. What the rules that locked it decide on events up to `seen` is cleared. */
export function unlockAccount(
  at: AccountAt,
  command: { readonly reason: string; readonly seen?: string },
): AccountDecision {
  if (at.account === undefined) return refused('account_unknown');
  if (at.account.status === 'open') return nothing;
  if (at.account.status !== 'locked') return refused('account_not_locked');
  const data = { reason: command.reason, ...seenBy(command) };
  return { events: carry(at, { type: 'account.unlocked', data }) };
}

function release(
  at: AccountAt,
  holds: readonly Hold[],
  data: Released,
): AccountDecision {
  return { events: carry(at, ...holds.map((hold) => releasing(hold, data))) };
}

function releasing({ id }: Hold, data: Released): AccountFact {
  return { type: 'account.hold-released', data: { holdId: id, ...data } };
}

function decided({ decision }: { readonly decision?: RuleDecision }): { decision?: RuleDecision } {
  return decision === undefined ? {} : { decision };
}

function seenBy({ seen }: { readonly seen?: string }): { seen?: string } {
  return seen === undefined ? {} : { seen };
}
