// The words of the auditor: what is understood, what is not, and ids that look like options.
import { options, parse, verbs } from './grammar.js';

describe("the auditor's words", () => {
  it.each([
    [['state', '--account', 'a1'], { account: 'a1' }],
    [['state', '--account', '-Zs1tVqUq0nB', '--json'], { account: '-Zs1tVqUq0nB', json: true }],
    [['state', '--account', '--s1tVqUq0nB'], { account: '--s1tVqUq0nB' }],
    [['state', '--json', '--account=-x', '--at', '7'], { json: true, account: '-x', at: '7' }],
    [['export', '--type', 'session.', '--type', 'login.failed'], { type: ['session.', 'login.failed'] }],
    [['verify', '--anchor', 'a.json', '--key', '-Key'], { anchor: 'a.json', key: '-Key' }],
  ])('reads %j', (args, values) => {
    expect(parse(args)).toEqual({ kind: 'run', verb: args[0], values });
  });

  it.each([
    [['audit'], 'There is no verb "audit".'],
    [['--json'], 'There is no verb "--json".'],
    [['state'], '--account is missing.'],
    [['state', '--account'], "Option '--account <value>' argument missing"],
    [['state', '--account', '--json'], /^Option '--account' argument is ambiguous/],
    [['state', '--account', ''], '--account is empty.'],
    [['state', 'a1'], /^Unexpected argument 'a1'/],
    [['verify', '--account', 'a1'], /^Unknown option '--account'/],
  ])('does not understand %j', (args, message) => {
    expect(parse(args)).toMatchObject({ kind: 'usage', json: args.includes('--json') });
    expect(parse(args)).toHaveProperty('message', expect.stringMatching(message));
  });

  it('explains every verb with every option that it has, and uses every option somewhere', () => {
    const used = new Set(['data-dir', 'json', 'help']);
    for (const [name, verb] of Object.entries(verbs)) {
      const { text } = parse([name, '--help']) as { text: string };
      expect(text).toContain(verb.summary);
      for (const option of verb.options) {
        expect(text).toContain(`  --${option}`);
        used.add(option);
      }
    }
    expect([...used].sort()).toEqual(Object.keys(options).sort());
  });
});
