// What the operators' listener tells of an account, as what was done about it: the form that is scored.
import type { RuleName } from '@sallyport/core-anomaly';
import type { RuleAction } from '@sallyport/core-session';
import { counts, noteAction } from '../judge.js';
import type { Doing } from '../judge.js';
import type { Label } from '../line.js';

/** An entry of an account's timeline. */
export interface Entry {
  readonly type: string;
  /** Store time, ISO 8601. */
  readonly at: string;
  readonly by: { readonly kind: string };
  readonly sessionId?: string;
  readonly details: {
    readonly rule?: string;
    readonly reason?: string;
    readonly heldSession?: string;
    readonly evidence?: { readonly session?: string };
    readonly ends?: boolean;
  };
}

/** What rules and the ledger did, oldest entry first; undefined where nothing that counts. */
export function doingOf(entries: readonly Entry[], label: Label): Doing | undefined {
  const doing: Doing = { rules: new Set() };
  let anything = false;
  for (const { type, at, by, sessionId, details } of entries) {
    const ms = Date.parse(at);
    const about = details.heldSession ?? details.evidence?.session ?? sessionId;
    if (!counts(label, ms, about)) continue;
    const action = by.kind === 'rule' ? actionOf(type, details) : undefined;
    const isEnd = type === 'session.reuse-detected' && details.ends === true;
    if (type === 'anomaly.detected') doing.rules.add(details.rule as RuleName);
    if (action !== undefined) noteAction(doing, { action, ms, combination: combinationOf(details) });
    if (isEnd) doing.endedMs ??= ms;
    anything ||= isEnd || action !== undefined || type === 'anomaly.detected';
  }
  return anything ? doing : undefined;
}

function actionOf(type: string, { heldSession }: Entry['details']): RuleAction | undefined {
  switch (type) {
    case 'session.flagged':
      return 'flag';
    case 'account.sensitive-actions-held':
      return heldSession === undefined ? 'hold' : 'step_up';
    case 'account.reauthentication-required':
      return 'reauthenticate';
    case 'account.locked':
      return 'lock';
    default:
      return undefined;
  }
}

/** A decision's reason is its combination, or else its rule. */
function combinationOf({ reason, rule }: Entry['details']): string | undefined {
  return reason === rule ? undefined : reason;
}
