// Holds every file to the house style, and shows each rule of it a violation.
import { impurities, styleFaults } from './style.js';
import { sourceFiles } from './workspace.js';

const head = '// Says what this file is for.\n';
const planted = (text: string, path = 'libs/core-x/src/a.ts') => ({ path, text });

describe('house style', () => {
  it.each([
    ['a file without a head line', planted('export const a = 1;\n'), 'no head line'],
    ['a file of 301 lines', planted(head + '\n'.repeat(300)), '301 lines'],
    ['a line of 111 columns', planted(`${head}// ${'x'.repeat(108)}\n`), ':2 has 111 columns'],
    ['a spec that no tier runs', planted(head, 'libs/core-x/src/a.spec.ts'), 'no tier'],
    ['a linter switched off', planted(`${head}// oxlint${'-'}disable-next-line\n`), 'linter off'],
    ['work left for later', planted(`${head}// ${'TO'}${'DO'}: finish\n`), 'for later'],
  ])('catches %s', (_, file, fault) => {
    expect(styleFaults(file)).toEqual([expect.stringContaining(fault)]);
  });

  it('lets a file pass that keeps to all limits', () => {
    const text = `#!/usr/bin/env node\n${head}// ${'x'.repeat(107)}\n${'\n'.repeat(297)}`;
    expect(styleFaults(planted(text))).toEqual([]);
  });

  it('holds in every file of the project', () => {
    expect(sourceFiles('apps', 'libs', 'test').flatMap(styleFaults)).toEqual([]);
  });
});

describe('purity of core-*', () => {
  it.each([
    'new Date()',
    'new Date',
    'Date()',
    'Date.now()',
    'new Date(2026, 1)',
    'const D = Date; D.now()',
    'const { now } = Date',
    'Date["now"]()',
    'Math.random()',
    'const { random } = Math',
    'Math["random"]()',
    'f(Math)',
  ])('catches %s', (text) => {
    expect(impurities(planted(text))).not.toEqual([]);
  });

  it.each(['new Date(ms).toISOString()', 'Date.parse(iso)', 'const at: Date = given', 'Math.max(1, 2)'])(
    'lets %s pass',
    (text) => expect(impurities(planted(text))).toEqual([]),
  );

  it('holds in every core library', () => {
    const core = sourceFiles('libs').filter(({ path }) => /^libs\/core-[^/]+\/.*(?<!\.spec)\.ts$/.test(path));
    expect(core.length).toBeGreaterThan(0);
    expect(core.flatMap(impurities)).toEqual([]);
  });
});
