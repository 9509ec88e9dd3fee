// Plants one violation against each rule of ours in .oxlintrc.json and demands that it is caught.
import { plantedProject, runTool } from './workspace.js';

const core = (line: string): string => `// Pure, it says.\nexport const f = () => ${line};\n`;
const nested = 'if (a) { if (a) { if (a) { if (a) { b(); } } } }';

/** The rule that must speak, the file that breaks it, and its text. */
const planted: readonly (readonly [rule: string, file: string, text: string])[] = [
  ...['Date.now()', 'Math.random()', 'process.env', 'given.getHours()', 'given.localeCompare(other)'].map(
    (line, at) => ['no-restricted-properties', `libs/core-session/src/p${at}.ts`, core(line)] as const,
  ),
  ...['crypto', 'performance', 'process', 'globalThis', 'Buffer', 'console', 'setTimeout', 'setInterval'].map(
    (name) => ['no-restricted-globals', `libs/core-session/src/${name}.ts`, core(`${name}.x`)] as const,
  ),
  ['no-restricted-properties', 'libs/feature-x/src/env.ts', core('process.env.PORT')],
  ['no-restricted-properties', 'libs/feature-x/src/taken.ts', 'export const { env } = process;\n'],
  ['no-restricted-properties', 'apps/one/src/main.ts', core('process.env')],
  ['max-depth', 'libs/engine/src/depth.ts', `export function f(a, b) { ${nested} }\n`],
  ['max-lines-per-function', 'libs/engine/src/long.ts', `export function f() {\n${'g();\n'.repeat(70)}}\n`],
  ['no-unused-vars', 'libs/engine/src/unused.ts', 'const unused = 1;\n'],
  ['no-explicit-any', 'libs/engine/src/any.ts', 'export const a: any = 1;\n'],
  ['ban-ts-comment', 'libs/engine/src/ignore.ts', '// @ts-ignore\nexport const a = 1;\n'],
  ['no-focused-tests', 'test/only.e2e.spec.ts', `it${'.only'}('is alone', () => expect(f).toBe(2));\n`],
  ['no-disabled-tests', 'test/skip.e2e.spec.ts', `it${'.skip'}('is off', () => expect(f).toBe(2));\n`],
  ['no-disabled-tests', 'test/x.e2e.spec.ts', `x${'it'}('is off', () => expect(f).toBe(2));\n`],
];

const innocent: Record<string, string> = {
  'apps/one/src/config.ts': core('process.env'),
  'libs/engine/src/clock.ts': core('Date.now()'),
  'libs/core-session/src/time.ts': core('new Date(given).toISOString()'),
  'libs/core-session/src/a.unit.spec.ts': `it('moves', () => expect(f(performance)).toBe(2));\n`,
};

interface Diagnostic {
  /** Such as `eslint(max-depth)`; absent where the file does not parse. */
  readonly code?: string;
  readonly message: string;
  readonly severity: string;
  readonly filename: string;
}

describe('the lint rules', () => {
  let caught: string[];

  beforeAll(async () => {
    const offenders = Object.fromEntries(planted.map(([, file, text]) => [file, text]));
    const project = plantedProject({ ...innocent, ...offenders });
    try {
      const output = await runTool('oxlint/bin/oxlint', ['--format', 'json'], project.path);
      const { diagnostics } = JSON.parse(output) as { diagnostics: Diagnostic[] };
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      caught = errors.map(({ code, message, filename }) => {
        return `${filename} breaks ${code?.replace(/^.*\((.*)\)$/, '$1') ?? message}`;
      });
    } finally {
      project.dispose();
    }
  });

  it.each(planted)('%s: catches %s', (rule, file) => {
    expect(caught).toContain(`${file} breaks ${rule}`);
  });

  it.each(Object.keys(innocent))('lets %s pass', (file) => {
    expect(caught.filter((line) => line.startsWith(`${file} `))).toEqual([]);
  });
});
