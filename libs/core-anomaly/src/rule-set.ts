// A rule set: each rule's mode, action and thresholds, what combinations of findings do, and the defaults.
import type { RuleAction } from '@sallyport/core-session';
import { ruleActions } from '@sallyport/core-session';
import { generalTable, ruleNames, ruleTable, traitsOf } from './rule-table.js';
import type { RuleName } from './rule-table.js';

/** `off`: does not look. `observe`: findings, no enforcement. */
export const ruleModes = ['off', 'observe', 'enforce'] as const;
export type RuleMode = (typeof ruleModes)[number];

export type RuleSettings<R extends RuleName = RuleName> = {
  readonly mode: RuleMode;
  readonly action: RuleAction;
} & { readonly [T in keyof (typeof ruleTable)[R]['thresholds']]: number };

/** Findings that do more together than each alone: one of each group, on one account. */
export interface Combination {
  readonly name: string;
  readonly groups: readonly (readonly RuleName[])[];
  /** Only if the finding of the first group is about a new device of an account that was used before. */
  readonly newDevice: boolean;
  readonly action: RuleAction;
}

export type GeneralSettings = { readonly [T in keyof typeof generalTable]: number };

/** Canonical JSON of it is what `rules.activated` carries. */
export interface RuleSetConfig extends GeneralSettings {
  readonly version: 1;
  readonly rules: { readonly [R in RuleName]: RuleSettings<R> };
  readonly combinations: readonly Combination[];
}

/** A configuration and its hash (SHA-256 of its canonical JSON, base64url), which findings name. */
export interface RuleSet {
  readonly hash: string;
  readonly config: RuleSetConfig;
}

const elsewhere = ['impossible_travel', 'concurrent_countries'] as const;
const unlikeAnApp = ['new_network_kind', 'machine_cadence'] as const;

export const defaultCombinations: readonly Combination[] = [
  {
    name: 'taken over from another country',
    groups: [elsewhere, ['new_country']],
    newDevice: true,
    action: 'hold',
  },
  {
    name: 'new device that is not what it claims',
    groups: [['first_sensitive_action'], ['attestation_failed']],
    newDevice: true,
    action: 'hold',
  },
  {
    name: "somebody else has the device's key",
    groups: [['stale_token'], [...elsewhere, ...unlikeAnApp]],
    newDevice: false,
    action: 'reauthenticate',
  },
  {
    name: "two use the device's key",
    groups: [['reuse_forked'], ['stale_token', 'retry_other_network', 'refresh_rate']],
    newDevice: false,
    action: 'hold',
  },
  {
    name: "a machine uses the device's key",
    groups: [['reuse_forked'], unlikeAnApp],
    newDevice: false,
    action: 'reauthenticate',
  },
  {
    name: "the device's key is used elsewhere",
    groups: [['reuse_forked'], [...elsewhere, 'attestation_failed']],
    newDevice: false,
    action: 'lock',
  },
];

/** All rules in `enforce` with the defaults of the table. */
export const defaultRuleSetConfig: RuleSetConfig = {
  version: 1,
  ...defaultsOf(generalTable),
  rules: Object.fromEntries(ruleNames.map((rule) => [rule, defaultRule(rule)])) as RuleSetConfig['rules'],
  combinations: defaultCombinations,
};

/** How strong an action is: 0 for `flag`, 4 for `lock`. */
export function rankOf(action: RuleAction): number {
  return ruleActions.indexOf(action);
}

/** The strongest that a rule may be configured to do alone: a lock needs a combination, strangers cause
 * step-up at most. */
export function strongestAlone(rule: RuleName): RuleAction {
  const { evidence } = traitsOf(rule);
  if (evidence === 'stranger') return 'step_up';
  return evidence === 'crowd' ? 'hold' : 'reauthenticate';
}

/** JSON with members in order of name: equal configurations give equal texts. */
export function canonicalRuleSet(config: RuleSetConfig): string {
  return JSON.stringify(config, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function defaultRule(rule: RuleName): object {
  const { action, thresholds } = traitsOf(rule);
  return { mode: 'enforce', action, ...defaultsOf(thresholds) };
}

function defaultsOf<T extends { readonly [name: string]: { readonly otherwise: number } }>(
  table: T,
): { readonly [N in keyof T]: number } {
  const entries = Object.entries(table).map(([name, { otherwise }]) => [name, otherwise]);
  return Object.fromEntries(entries) as { readonly [N in keyof T]: number };
}
