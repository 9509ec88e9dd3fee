// Decisions of the anomaly rules as orders carry them, and what makes one sent twice do nothing.

/** A rule's decision about an account. Positions are decimal integers as strings, as the store gives them. */
export interface RuleDecision {
  /** Hash of account, rule, rule set and trigger. */
  readonly id: string;
  readonly rule: string;
  /** Hash of the rule set that the rule decided under. */
  readonly ruleSet: string;
  /** Position of the event that made the rule fire. */
  readonly trigger: string;
}

/** By rule: the highest trigger that was enforced, or that an operator cleared. */
export interface EnforcedTriggers {
  readonly [rule: string]: string;
}

/** What of an account's state says which decisions it knows. */
export interface Enforced {
  readonly enforced?: EnforcedTriggers;
}

/** Whether position `a` stands after `b`; everything stands after none. */
export function isLater(a: string, b: string | undefined): boolean {
  if (b === undefined) return true;
  return a.length === b.length ? a > b : a.length > b.length;
}

/** Whether the account knows the decision already, or a later one of its rule. Without one: no. */
export function isEnforced({ enforced }: Enforced, decision: RuleDecision | undefined): boolean {
  return decision !== undefined && !isLater(decision.trigger, triggerOf(enforced, decision.rule));
}

/** The state that knows the rules' triggers up to `trigger`; unchanged without one, and by an older one. */
export function withEnforced<S extends Enforced>(
  state: S,
  rules: readonly (string | undefined)[],
  trigger: string | undefined,
): S {
  let { enforced } = state;
  for (const rule of rules) {
    const isNews = rule !== undefined && trigger !== undefined && isLater(trigger, triggerOf(enforced, rule));
    if (isNews) enforced = { ...enforced, [rule]: trigger };
  }
  return enforced === state.enforced ? state : { ...state, enforced };
}

function triggerOf(enforced: EnforcedTriggers | undefined, rule: string): string | undefined {
  return enforced !== undefined && Object.hasOwn(enforced, rule) ? enforced[rule] : undefined;
}
