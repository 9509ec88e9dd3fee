// Reads a rule set from plain data (what a YAML file holds): defaults for what is left out, all mistakes at
// once.
import { ruleActions } from '@sallyport/core-session';
import {
  canonicalRuleSet,
  defaultCombinations,
  defaultRuleSetConfig,
  rankOf,
  ruleModes,
  strongestAlone,
} from './rule-set.js';
import type { Combination, RuleSet, RuleSetConfig } from './rule-set.js';
import { generalTable, ruleNames, traitsOf } from './rule-table.js';
import type { RuleName, Threshold } from './rule-table.js';

/** The rule set, or what is wrong with it: sentences without a full stop, each beginning with a path. */
export type ParsedRuleSet =
  | { readonly config: RuleSetConfig; readonly mistakes?: undefined }
  | { readonly config?: undefined; readonly mistakes: readonly string[] };

type Plain = Readonly<Record<string, unknown>>;

/** Checks the data as a whole; members that no rule has are mistakes. */
export function parseRuleSet(input: unknown): ParsedRuleSet {
  const mistakes: string[] = [];
  const data = input === null || input === undefined ? {} : input;
  if (!isPlain(data)) return { mistakes: ['the rule set must be a mapping'] };
  const known = ['version', 'rules', 'combinations', ...Object.keys(generalTable)];
  mistakes.push(...unknownMembers('', data, known));
  if (data['version'] !== undefined && data['version'] !== 1) mistakes.push('version must be 1');
  const general = numbers('', { data, table: generalTable }, mistakes);
  const rules = readRules(data['rules'], mistakes);
  const combinations = readCombinations(data['combinations'], mistakes);
  if (mistakes.length > 0) return { mistakes };
  return { config: { ...defaultRuleSetConfig, ...general, rules, combinations } as RuleSetConfig };
}

/** The rule set of a configuration; `digest` is the hash that findings will name it by. */
export function ruleSetOf(config: RuleSetConfig, digest: (text: string) => string): RuleSet {
  return { config, hash: digest(canonicalRuleSet(config)) };
}

function readRules(input: unknown, mistakes: string[]): RuleSetConfig['rules'] {
  const data = input ?? {};
  if (!isPlain(data)) {
    mistakes.push('rules must be a mapping');
    return defaultRuleSetConfig.rules;
  }
  mistakes.push(...unknownMembers('rules.', data, ruleNames));
  const rules = ruleNames.map((rule) => [rule, readRule(rule, data[rule], mistakes)]);
  return Object.fromEntries(rules) as RuleSetConfig['rules'];
}

function readRule(rule: RuleName, input: unknown, mistakes: string[]): object {
  const otherwise = defaultRuleSetConfig.rules[rule];
  // A mode alone, as most rule sets say it.
  const data = typeof input === 'string' || typeof input === 'boolean' ? { mode: modeOf(input) } : input;
  if (data === undefined || data === null) return otherwise;
  const path = `rules.${rule}`;
  if (!isPlain(data)) {
    mistakes.push(`${path} must be a mode or a mapping`);
    return otherwise;
  }
  const { thresholds } = traitsOf(rule);
  mistakes.push(...unknownMembers(`${path}.`, data, ['mode', 'action', ...Object.keys(thresholds)]));
  const mode = modeOf(data['mode'] ?? otherwise.mode);
  if (!isOneOf(ruleModes, mode)) mistakes.push(`${path}.mode must be one of ${ruleModes.join(', ')}`);
  const action = data['action'] ?? otherwise.action;
  if (!isOneOf(ruleActions, action)) {
    mistakes.push(`${path}.action must be one of ${ruleActions.join(', ')}`);
  } else if (rankOf(action) > rankOf(strongestAlone(rule))) {
    mistakes.push(
      `${path}.action must be ${strongestAlone(rule)} at most: what it finds is no ground for more`,
    );
  }
  return { mode, action, ...numbers(`${path}.`, { data, table: thresholds }, mistakes) };
}

/** YAML 1.1 readers take a bare `off` for false. */
function modeOf(value: unknown): unknown {
  return value === false ? 'off' : value;
}

function readCombinations(input: unknown, mistakes: string[]): readonly Combination[] {
  if (input === undefined || input === null) return defaultCombinations;
  if (!Array.isArray(input) || input.length > 32) {
    mistakes.push('combinations must be a list of 32 at most');
    return [];
  }
  return input.flatMap((one: unknown, index) => readCombination(`combinations[${index}]`, one, mistakes));
}

function readCombination(path: string, input: unknown, mistakes: string[]): Combination[] {
  if (!isPlain(input)) {
    mistakes.push(`${path} must be a mapping`);
    return [];
  }
  mistakes.push(...unknownMembers(`${path}.`, input, ['name', 'groups', 'newDevice', 'action']));
  const { name, groups, newDevice = false, action } = input;
  const faults = [
    typeof name === 'string' && name.length > 0 && name.length <= 100
      ? ''
      : 'name must be a text of 100 characters at most',
    typeof newDevice === 'boolean' ? '' : 'newDevice must be true or false',
    isOneOf(ruleActions, action) ? '' : `action must be one of ${ruleActions.join(', ')}`,
    groupsFault(groups),
  ].filter((fault) => fault !== '');
  mistakes.push(...faults.map((fault) => `${path}.${fault}`));
  return faults.length > 0 ? [] : [{ name, groups, newDevice, action } as Combination];
}

/** Why these cannot be a combination's groups; empty when they can. No finding may stand for two of them. */
function groupsFault(groups: unknown): string {
  const lists = Array.isArray(groups) ? (groups as readonly unknown[]) : [];
  if (lists.length < 2 || lists.length > 4) return 'groups must be a list of 2 to 4 lists of rules';
  const names: unknown[] = [];
  for (const group of lists) {
    if (!Array.isArray(group) || group.length === 0) return 'groups must be lists of at least one rule';
    names.push(...(group as readonly unknown[]));
  }
  const stranger = names.find((name) => !isOneOf(ruleNames, name) || traitsOf(name).evidence !== 'own');
  if (stranger !== undefined) return `groups cannot have ${String(stranger)}: it is no evidence of this kind`;
  return new Set(names).size === names.length ? '' : 'groups must not have the same rule twice';
}

function numbers(
  path: string,
  { data, table }: { readonly data: Plain; readonly table: { readonly [name: string]: Threshold } },
  mistakes: string[],
): Record<string, number> {
  const read: Record<string, number> = {};
  for (const [name, { otherwise, min, max }] of Object.entries(table)) {
    const value = data[name] ?? otherwise;
    if (typeof value === 'number' && value >= min && value <= max) read[name] = value;
    else mistakes.push(`${path}${name} must be a number from ${min} to ${max}`);
  }
  return read;
}

function unknownMembers(path: string, data: Plain, known: readonly string[]): string[] {
  return Object.keys(data)
    .filter((name) => !known.includes(name))
    .map((name) => `${path}${name} is no member of a rule set`);
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOneOf<T>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}
