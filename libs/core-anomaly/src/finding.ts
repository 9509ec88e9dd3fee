// What the rules answer: findings with their evidence, decisions, and the events that keep both.
import type {
  AnomalyDetected,
  DecisionTaken,
  EventPlace,
  Evidence,
  FindingMode,
  FindingSeverity,
  RuleAction,
} from '@sallyport/core-session';
import type { ObservedPlace } from './observed-event.js';
import type { RuleName } from './rule-table.js';

/** One rule, one event on whose arrival it fired, and why. */
export interface Finding {
  /** Digest of account, rule, rule set, trigger and what it is about. */
  readonly id: string;
  readonly accountId: string;
  readonly rule: RuleName;
  /** Hash of the rule set. */
  readonly ruleSet: string;
  readonly mode: FindingMode;
  /** What the rule does alone, softened where a travel notice or a trusted device says so. */
  readonly action: RuleAction;
  readonly trigger: EventPlace & { readonly eventId: string };
  readonly cites: readonly ObservedPlace[];
  /** When it happened, milliseconds since the epoch: not always when it became known. */
  readonly atMs: number;
  /** The session it is about, and its device; absent where there is none. */
  readonly sessionId?: string;
  readonly deviceId?: string;
  /** Why it can do no more than step-up. */
  readonly softened?: 'travel_notice' | 'trusted_device';
  readonly evidence: Evidence;
}

/** What is to be done on a finding or a combination of them. */
export interface Decision {
  /** Digest of account, rule, rule set and trigger: the ledger knows by it what was done already. */
  readonly id: string;
  readonly accountId: string;
  /** The rule whose finding completed it. */
  readonly rule: RuleName;
  readonly ruleSet: string;
  readonly mode: FindingMode;
  readonly action: RuleAction;
  /** Position of the trigger. */
  readonly trigger: string;
  readonly findingIds: readonly string[];
  /** The session to flag or to step up, and its device; for the other actions the whole account is meant. */
  readonly sessionId?: string;
  readonly deviceId?: string;
  /** The combination, where it was one. */
  readonly combination?: string;
}

/** The answer to one event. */
export interface Observation {
  readonly findings: readonly Finding[];
  readonly decisions: readonly Decision[];
}

export const nothingObserved: Observation = { findings: [], decisions: [] };

const severities: { readonly [A in RuleAction]: FindingSeverity } = {
  flag: 'low',
  step_up: 'medium',
  hold: 'high',
  reauthenticate: 'high',
  lock: 'high',
};

/** The event that keeps a finding, for the stream `anomaly-<accountId>`. */
export function anomalyDetected(finding: Finding): AnomalyDetected {
  const { id: findingId, rule, ruleSet, mode, trigger, cites, evidence } = finding;
  const severity = severities[finding.action];
  const places = cites.map(({ position, stream, revision }) => ({ position, stream, revision }));
  const data = { findingId, rule, ruleSet, mode, severity, trigger, cites: places, evidence };
  return { type: 'anomaly.detected', data };
}

/** The event that keeps a decision and what became of it. */
export function decisionTaken(decision: Decision, outcome: DecisionTaken['data']['outcome']): DecisionTaken {
  const { id: decisionId, rule, ruleSet, trigger, action, findingIds, sessionId } = decision;
  const about = sessionId === undefined ? {} : { sessionId };
  return {
    type: 'anomaly.decision-taken',
    data: { decisionId, rule, ruleSet, trigger, action, findingIds, outcome, ...about },
  };
}
