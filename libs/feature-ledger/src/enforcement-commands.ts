// Graded decisions as orders: flag, step-up, hold, release, new sign-in. Rules and operators send them. One
// with a rule's decision that the account knows already, or that an operator cleared, appends nothing.
import { Command } from '@nestjs/cqrs';
import type { ReleaseCause, RuleDecision, SessionFlag } from '@sallyport/core-session';
import type { Ordered, Written } from './session-commands.js';

/**
 * Holds sensitive actions: of the session until its device signs in anew (step-up), of the account until
 * released. `rule` names who may replace and lift it where there is no decision. Rejects with
 * `account_unknown`, `account_not_open` (closed or erased), `session_unknown` (also another account's).
 */
export class HoldSensitiveActions extends Command<Written> {
  constructor(
    readonly input: {
      readonly accountId: string;
      readonly sessionId?: string;
      readonly reason: string;
      readonly rule?: string;
      readonly decision?: RuleDecision;
    },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/**
 * Releases one hold, or all of the account. What its rule decides on events up to `seen`, a position, is
 * cleared too. Rejects with `hold_unknown` for an id that is not (any more) in force.
 */
export class ReleaseHold extends Command<Written> {
  constructor(
    readonly input: {
      readonly accountId: string;
      readonly holdId?: string;
      readonly cause: Exclude<ReleaseCause, 'step_up' | 'session_ended'>;
      readonly reason?: string;
      readonly seen?: string;
    },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Ends every session of the account. */
export class RequireReauthentication extends Command<Written> {
  constructor(
    readonly input: { readonly accountId: string; readonly reason: string; readonly decision?: RuleDecision },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Flags a session, once per flag. Rejects with `session_unknown`, also when it is another account's. */
export class FlagSession extends Command<Written> {
  constructor(
    readonly input: {
      readonly accountId: string;
      readonly sessionId: string;
      readonly flag: SessionFlag;
      readonly reason?: string;
      readonly decision?: RuleDecision;
    },
    readonly ordered: Ordered,
  ) {
    super();
  }
}
