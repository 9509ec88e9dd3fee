// What the stream `rules` says: which rule set is active, and whether enforcement is paused.
import { defaultRuleSetConfig, parseRuleSet } from '@sallyport/core-anomaly';
import type { RuleSet } from '@sallyport/core-anomaly';
import { streams } from '@sallyport/core-session';
import type { EventStore, RecordedEvent } from '@sallyport/engine';
import { hashed } from './digests.js';

/** Events that are looked through for the latest word, from the end. */
const lookBack = 1_000;
const pauses: { readonly [type: string]: boolean } = {
  'rules.enforcement-paused': true,
  'rules.enforcement-resumed': false,
};

export interface RulesSaid {
  /** Undefined where none was ever activated. */
  readonly activation: RecordedEvent | undefined;
  readonly paused: boolean;
}

export async function readRulesStream(store: EventStore): Promise<RulesSaid> {
  const recent = await store.readBack(streams.rules, lookBack);
  const latest = recent.find(({ type }) => Object.hasOwn(pauses, type));
  return {
    activation: recent.find(({ type }) => type === 'rules.activated'),
    paused: latest !== undefined && pauses[latest.type] === true,
  };
}

/** The rule set of an activation's text. One that this version cannot read leaves the defaults: rules are on
 * rather than off. */
export function ruleSetOf(config: string | undefined): RuleSet {
  const read = config === undefined ? undefined : parseRuleSet(JSON.parse(config)).config;
  return hashed(read ?? defaultRuleSetConfig);
}
