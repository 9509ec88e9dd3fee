// What a rule set may say: defaults for what it leaves out, and every mistake told with its path.
import { canonicalRuleSet, defaultRuleSetConfig } from './rule-set.js';
import { parseRuleSet, ruleSetOf } from './rule-set-parser.js';

const mistakesOf = (input: unknown): readonly string[] => parseRuleSet(input).mistakes ?? [];

describe('a rule set', () => {
  it.each([undefined, null, {}, { version: 1, rules: {} }])(
    'that says nothing (%j) is the defaults',
    (input) => {
      expect(parseRuleSet(input).config).toEqual(defaultRuleSetConfig);
    },
  );

  it('changes what it names and nothing else', () => {
    const input = {
      quietSeconds: 60,
      rules: {
        new_country: 'observe',
        retry_rate: false,
        impossible_travel: { minKmh: 1000, action: 'hold' },
      },
    };
    const { config } = parseRuleSet(input);
    expect(config?.quietSeconds).toBe(60);
    expect(config?.rules.new_country).toEqual({ mode: 'observe', action: 'step_up' });
    expect(config?.rules.retry_rate.mode).toBe('off');
    expect(config?.rules.impossible_travel).toEqual({
      mode: 'enforce',
      action: 'hold',
      minKm: 500,
      minKmh: 1000,
    });
    expect(config?.rules.stale_token).toEqual(defaultRuleSetConfig.rules.stale_token);
  });

  it('is its canonical text: read again it is the same, in whatever order it was written', () => {
    const text = canonicalRuleSet(defaultRuleSetConfig);
    expect(parseRuleSet(JSON.parse(text)).config).toEqual(defaultRuleSetConfig);
    const { rules, ...rest } = defaultRuleSetConfig;
    expect(canonicalRuleSet({ rules, ...rest })).toBe(text);
    expect(ruleSetOf(defaultRuleSetConfig, (whole) => String(whole.length)).hash).toBe(String(text.length));
  });

  it('tells all mistakes at once', () => {
    expect(
      mistakesOf({
        version: 2,
        surprise: 1,
        quietSeconds: 'long',
        rules: {
          new_contry: 'off',
          new_country: { mode: 'on' },
          impossible_travel: { minKm: -1, minMph: 500 },
          refresh_rate: { count: 65 },
          stale_token: { action: 'lock' },
          reuse_wrong_key: { action: 'hold' },
          shared_network: { action: 'reauthenticate' },
          retry_rate: 7,
        },
      }),
    ).toEqual([
      'surprise is no member of a rule set',
      'version must be 1',
      'quietSeconds must be a number from 1 to 7776000',
      'rules.new_contry is no member of a rule set',
      'rules.impossible_travel.minMph is no member of a rule set',
      'rules.impossible_travel.minKm must be a number from 1 to 20000',
      'rules.new_country.mode must be one of off, observe, enforce',
      'rules.refresh_rate.count must be a number from 2 to 64',
      'rules.retry_rate must be a mode or a mapping',
      'rules.shared_network.action must be hold at most: what it finds is no ground for more',
      'rules.reuse_wrong_key.action must be step_up at most: what it finds is no ground for more',
      'rules.stale_token.action must be reauthenticate at most: what it finds is no ground for more',
    ]);
  });

  const combination = (groups: unknown, more: object = {}) =>
    mistakesOf({ combinations: [{ name: 'x', groups, action: 'lock', ...more }] });

  it('combines own evidence only, and at least two kinds of it', () => {
    expect(combination([['stale_token'], ['new_country', 'impossible_travel']])).toEqual([]);
    const path = 'combinations[0].groups';
    expect(combination([['stale_token']])).toEqual([`${path} must be a list of 2 to 4 lists of rules`]);
    expect(combination([['stale_token'], []])).toEqual([`${path} must be lists of at least one rule`]);
    for (const rule of ['failures_account', 'failures_address', 'shared_key', 'reuse_wrong_key', 'nothing']) {
      expect(combination([['stale_token'], [rule]])).toEqual([
        `${path} cannot have ${rule}: it is no evidence of this kind`,
      ]);
    }
    expect(combination([['stale_token'], ['stale_token', 'new_country']])).toEqual([
      `${path} must not have the same rule twice`,
    ]);
    expect(
      combination([['stale_token'], ['new_country']], { action: 'x', newDevice: 1, name: '' }),
    ).toHaveLength(3);
  });

  it('is a mapping', () => {
    expect(mistakesOf('rules')).toEqual(['the rule set must be a mapping']);
    expect(mistakesOf({ rules: [], combinations: {} })).toEqual([
      'rules must be a mapping',
      'combinations must be a list of 32 at most',
    ]);
  });
});
