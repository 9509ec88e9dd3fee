// Every rule there is: what it may do at most, and its thresholds with defaults, bounds and meaning. The
// defaults are argued in docs/adr/0011-rule-thresholds.md.
import type { RuleAction } from '@sallyport/core-session';

export interface Threshold {
  readonly otherwise: number;
  readonly min: number;
  readonly max: number;
  readonly meaning: string;
}

/**
 * - `place` rules judge where requests come from: travel notices and trusted devices soften them to step-up.
 * - `evidence`: `own` was proved with a password or the device's key. `stranger`: anybody can make it, so it
 *   asks for step-up at most and never counts towards more. `crowd`: found across accounts; never locks.
 */
export interface RuleTraits {
  readonly place: boolean;
  readonly evidence: 'own' | 'stranger' | 'crowd';
  /** What it does alone, unless the rule set says otherwise. */
  readonly action: RuleAction;
  readonly thresholds: { readonly [name: string]: Threshold };
}

const hour = 3600;
const day = 24 * hour;

function threshold(otherwise: number, [min, max]: readonly [number, number], meaning: string): Threshold {
  return { otherwise, min, max, meaning };
}

/** Windows are at most 90 days: tags of networks live no longer. */
const window = (otherwise: number, meaning: string): Threshold =>
  threshold(otherwise, [1, 90 * day], meaning);

const own = { place: false, evidence: 'own' } as const;
const stranger = { place: false, evidence: 'stranger' } as const;
const crowd = { place: false, evidence: 'crowd' } as const;

export const ruleTable = {
  impossible_travel: {
    place: true,
    evidence: 'own',
    action: 'step_up',
    thresholds: {
      minKm: threshold(500, [1, 20_000], 'Distance between two uses, less both radii of uncertainty.'),
      minKmh: threshold(900, [1, 100_000], 'Speed that it would have taken.'),
    },
  },
  new_country: { place: true, evidence: 'own', action: 'step_up', thresholds: {} },
  new_network_kind: { place: true, evidence: 'own', action: 'step_up', thresholds: {} },
  concurrent_countries: {
    place: true,
    evidence: 'own',
    action: 'step_up',
    thresholds: {
      windowSeconds: window(900, 'Time between the uses of two devices.'),
      minKm: threshold(100, [0, 20_000], 'Distance between them, less both radii of uncertainty.'),
    },
  },
  refresh_rate: {
    ...own,
    action: 'step_up',
    thresholds: {
      count: threshold(30, [2, 64], 'Refreshes of one session.'),
      windowSeconds: window(300, 'Within this time.'),
    },
  },
  retry_rate: {
    ...own,
    action: 'flag',
    thresholds: {
      count: threshold(40, [2, 64], 'Retries in one account.'),
      windowSeconds: window(hour, 'Within this time.'),
    },
  },
  retry_other_network: { place: true, evidence: 'own', action: 'flag', thresholds: {} },
  machine_cadence: {
    ...own,
    action: 'step_up',
    thresholds: {
      intervals: threshold(20, [5, 60], 'Intervals between refreshes of one session that are nearly equal.'),
      maxVariation: threshold(0.05, [0, 1], 'Their standard deviation over their mean, at most.'),
      underSeconds: threshold(240, [1, day], 'Their mean: no app needs a token before the last one ends.'),
    },
  },
  failures_account: {
    ...stranger,
    action: 'step_up',
    thresholds: {
      count: threshold(10, [1, 100_000], 'Failed sign-ins to one account.'),
      windowSeconds: window(hour, 'Within this time.'),
    },
  },
  failures_address: {
    ...crowd,
    action: 'step_up',
    thresholds: {
      count: threshold(30, [1, 100_000], 'Failed sign-ins from one network.'),
      accounts: threshold(10, [1, 60], 'Different accounts or names among them.'),
      windowSeconds: window(hour, 'Within this time.'),
    },
  },
  shared_network: {
    ...crowd,
    action: 'step_up',
    thresholds: {
      accounts: threshold(10, [2, 60], 'Accounts that got a new device from one network.'),
      windowSeconds: window(day, 'Within this time.'),
    },
  },
  shared_key: {
    ...crowd,
    action: 'step_up',
    thresholds: {
      accounts: threshold(6, [2, 60], 'Accounts that one device key signed in to.'),
      windowSeconds: window(30 * day, 'Within this time.'),
    },
  },
  reuse_forged: { ...stranger, action: 'flag', thresholds: {} },
  reuse_wrong_key: { ...stranger, action: 'step_up', thresholds: {} },
  reuse_forked: { ...own, action: 'step_up', thresholds: {} },
  reuse_superseded: { ...stranger, action: 'flag', thresholds: {} },
  stale_token: { ...own, action: 'step_up', thresholds: {} },
  attestation_failed: { ...own, action: 'step_up', thresholds: {} },
  first_sensitive_action: { ...own, action: 'step_up', thresholds: {} },
} as const satisfies { readonly [rule: string]: RuleTraits };

export type RuleName = keyof typeof ruleTable;
export const ruleNames = Object.keys(ruleTable) as RuleName[];

export function traitsOf(rule: RuleName): RuleTraits {
  return ruleTable[rule];
}

/** Thresholds of the whole set. */
export const generalTable = {
  newDeviceSeconds: window(3 * day, 'A device is new for so long after its first use.'),
  combinationSeconds: window(day, 'Findings so far apart count together.'),
  quietSeconds: window(hour, 'A rule speaks once in this time of the same session or thing.'),
  locksPerMinute: threshold(
    20,
    [1, 10_000],
    'Locks and forced sign-ins by rules a minute; above it enforcement pauses.',
  ),
} as const;
