// What the rules found and decided, and which rules were active. Appended at any revision, without state: no
// decision of the ledger depends on them.

/** What the rules may do, from the mildest on. */
export const ruleActions = ['flag', 'step_up', 'hold', 'reauthenticate', 'lock'] as const;
export type RuleAction = (typeof ruleActions)[number];

/** `observe`: found and recorded, never enforced. */
export type FindingMode = 'observe' | 'enforce';
export type FindingSeverity = 'low' | 'medium' | 'high';

/** An event the rules refer to, by where it stands. */
export interface EventPlace {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
}

/** Numbers and words only: countries, distances, times, counts, ids that mean nothing. */
export type Evidence = { readonly [name: string]: string | number | boolean };

/** In the stream `anomaly-<accountId>`, as are the two below. */
export interface AnomalyDetected {
  readonly type: 'anomaly.detected';
  readonly data: {
    readonly findingId: string;
    readonly rule: string;
    /** Hash of the rule set. */
    readonly ruleSet: string;
    readonly mode: FindingMode;
    readonly severity: FindingSeverity;
    /** The event on whose arrival the rule fired. */
    readonly trigger: EventPlace & { readonly eventId: string };
    readonly cites: readonly EventPlace[];
    readonly evidence: Evidence;
  };
}
/** A person looked at the finding and found it harmless. */
export interface AnomalyDismissed {
  readonly type: 'anomaly.dismissed';
  readonly data: {
    readonly findingId: string;
    readonly rule: string;
    /** Position of the finding's trigger: the rule knows all evidence up to it. */
    readonly trigger: string;
    readonly reason: string;
  };
}
/** `braked`: enforcement was paused, or the evidence could not be verified; `observed`: a rule in `observe`
 * would have done it. */
export interface DecisionTaken {
  readonly type: 'anomaly.decision-taken';
  readonly data: {
    readonly decisionId: string;
    readonly rule: string;
    readonly ruleSet: string;
    readonly trigger: string;
    readonly action: RuleAction;
    readonly findingIds: readonly string[];
    readonly outcome: 'sent' | 'braked' | 'observed';
    /** The one session it is about; absent when it is about the account. */
    readonly sessionId?: string;
  };
}
export type AnomalyEvent = AnomalyDetected | AnomalyDismissed | DecisionTaken;

/** In the stream `rules`, as are the two below. `config`: the whole rule set as canonical JSON text. */
export interface RulesActivated {
  readonly type: 'rules.activated';
  readonly data: { readonly hash: string; readonly config: string; readonly reason: string };
}
/** Findings go on, nothing is enforced. */
export interface EnforcementPaused {
  readonly type: 'rules.enforcement-paused';
  readonly data: { readonly reason: string };
}
export interface EnforcementResumed {
  readonly type: 'rules.enforcement-resumed';
  readonly data: { readonly reason: string };
}
export type RulesEvent = RulesActivated | EnforcementPaused | EnforcementResumed;
