// What operators ask of the rules; another part of the service answers.
import type { Actor } from '@sallyport/engine';

/** Answers are plain objects, to be shown as they are. Mistakes reject with a `ProblemError`. */
export abstract class RuleAdministration {
  abstract show(): Promise<object>;
  /** `text`: the YAML text of a rule set. */
  abstract activate(text: string, reason: string, actor: Actor): Promise<object>;
  /** Of the account, or the latest of all. */
  abstract findings(accountId: string | undefined): Promise<object>;
  abstract dismiss(order: {
    readonly accountId: string;
    readonly findingId: string;
    readonly reason: string;
    readonly actor: Actor;
  }): Promise<object>;
  abstract parked(): Promise<object>;
  abstract retry(accountId: string): Promise<object>;
  abstract pause(reason: string, actor: Actor): Promise<object>;
  abstract resume(reason: string, actor: Actor): Promise<object>;
}
