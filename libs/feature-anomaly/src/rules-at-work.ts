// What operators ask of the rules, wherever they run: which are active, how far they are, who is aside.
import type { RuleSetConfig } from '@sallyport/core-anomaly';
import type { Actor, JsonObject, Position } from '@sallyport/engine';

export interface RulesState {
  /** Undefined until it is known. */
  readonly active: { readonly hash: string; readonly config: RuleSetConfig } | undefined;
  /** Whether decisions are recorded and not carried out. */
  readonly paused: boolean;
  /** Up to where events are judged; `null` where nothing is known of it. */
  readonly position: Position | null;
  /** Accounts set aside. */
  readonly parked: number;
  /** So many are that nothing is judged until some are not. */
  readonly stopped: boolean;
}

export abstract class RulesAtWork {
  abstract state(): Promise<RulesState>;

  /** Who is set aside: `accountId`, `parkedAt`, `since`, `error`, and where there are several consumers by
   * which `consumer`. */
  abstract parked(): Promise<readonly JsonObject[]>;

  /** Takes up the account's events where they were left. Rejects with a `ProblemError` where it cannot. */
  abstract retry(accountId: string): Promise<void>;

  /** From where it stands no decision is carried out, then or later, until enforcement is resumed. */
  abstract pause(reason: string, actor: Actor): Promise<Position>;

  abstract resume(reason: string, actor: Actor): Promise<Position>;
}
