// Holds the tables of README against the code that they describe, in both directions.
import { settingDescriptions as ofAnomaly } from '../../apps/anomaly/src/config.js';
import { settingDescriptions as ofProjector } from '../../apps/projector/src/config.js';
import { settingDescriptions as ofRelay } from '../../apps/relay/src/config.js';
import { settingDescriptions as ofSessionApi } from '../../apps/session-api/src/config.js';
import { settingDescriptions } from '../../apps/standalone/src/config.js';
import { nouns } from '../../apps/admin/src/grammar.js';
import { verbs } from '../../apps/auditor/src/grammar.js';
import { generalTable, ruleTable } from '@sallyport/core-anomaly';
import { parseRuleFile } from '@sallyport/feature-anomaly';
import { parseClients } from '@sallyport/feature-ledger';
import { sourceFiles } from '../architecture/workspace.js';
import { blocks, page, section, table } from './pages.js';

const readme = page('README.md');

/** The first column, without backticks, in order. */
function names(rows: readonly string[][]): string[] {
  return rows.map(([name = '']) => name.replaceAll('`', '')).sort();
}

describe("README's tables", () => {
  it('show every setting with its default and meaning, and none that is not there', () => {
    const shown = table(section(readme, '## Configuration'), 'name');
    const defined = settingDescriptions.map((setting) => {
      return [`\`${setting.name}\``, setting.default, setting.description];
    });
    expect(shown).toEqual(defined);
  });

  const apps = [
    ['session-api', ofSessionApi],
    ['relay', ofRelay],
    ['projector', ofProjector],
    ['anomaly', ofAnomaly],
  ] as const;
  it.each(apps)('show every setting of %s, and none that is not there', (app, has) => {
    const shown = table(section(readme, '## More than one machine'), `\`${app}\``);
    const defined = has.map((setting) => [`\`${setting.name}\``, setting.default, setting.description]);
    expect(shown).toEqual(defined);
  });

  it('show every member of a client, and an example that can be read', () => {
    const text = section(readme, '## Clients');
    const example = blocks(text, 'json')[0] ?? '';
    const { clients = [], mistakes } = parseClients(example, { accessTokenSeconds: 300 });
    expect(mistakes).toBeUndefined();
    expect(names(table(text, 'member'))).toEqual(Object.keys(clients[0] ?? {}).sort());
  });

  it('show the reasons that docs/errors.md lists', () => {
    const errors = page('docs/errors.md');
    const lists = ['## StandingReason', '## GrantReason'];
    const listed = lists.flatMap((list) => table(section(errors, list), 'code'));
    expect(names(table(section(readme, '## What a client must do'), 'reason'))).toEqual(names(listed));
  });

  it('show every metric of our own', () => {
    const sources = sourceFiles('libs', 'apps').filter(({ path }) => !path.endsWith('.spec.ts'));
    const made = sources.flatMap(({ text }) => {
      return [...text.matchAll(/name: '(sallyport_\w+)'/g)].map(([, name = '']) => name);
    });
    expect(made.length).toBeGreaterThan(10);
    expect(names(table(section(readme, '## Operations'), 'metric'))).toEqual([...new Set(made)].sort());
  });

  it("show every command of the operators' tool", () => {
    const rows = table(section(readme, '## Operations'), 'noun');
    expect(names(rows)).toEqual(Object.keys(nouns).sort());
    for (const [noun = '', verbs = ''] of rows) {
      const known = Object.keys(nouns[noun.replaceAll('`', '') as keyof typeof nouns]);
      const shown = [...verbs.matchAll(/`([a-z]+)[^`]*`/g)].map(([, verb = '']) => verb);
      expect(shown).toEqual(expect.arrayContaining(known));
    }
  });

  it("show every verb of the auditors' tool", () => {
    expect(names(table(section(readme, '## Auditing'), 'verb'))).toEqual(Object.keys(verbs).sort());
  });

  it('show every rule with what it does and its defaults, and a file of rules that can be read', () => {
    const rules = page('docs/rules.md');
    const shown = table(section(rules, '## The rules'), 'rule').map(([rule, , ...rest]) => [rule, ...rest]);
    const defined = Object.entries(ruleTable).map(([rule, { action, thresholds }]) => {
      const defaults = Object.entries(thresholds).map(([name, { otherwise }]) => `\`${name}\` ${otherwise}`);
      return [`\`${rule}\``, `\`${action}\``, defaults.join(', ')];
    });
    expect(shown).toEqual(defined);
    const general = Object.entries(generalTable).map(([name, { otherwise, meaning }]) => {
      return [`\`${name}\``, String(otherwise), meaning];
    });
    expect(table(section(rules, '## The rules'), 'general')).toEqual(general);
    expect(parseRuleFile(blocks(rules.text, 'yaml')[0] ?? '').mistakes).toBeUndefined();
  });

  it('would be seen to differ', () => {
    expect(table('| name | default |\n|---|---|\n| `A` | 1 |\n| `B` |  |\n\n| `C` | 3 |', 'name')).toEqual([
      ['`A`', '1'],
      ['`B`', ''],
    ]);
    expect(() => section(readme, '## Not there')).toThrow('no section');
    expect(() => table('nothing', 'name')).toThrow('no table');
  });
});
