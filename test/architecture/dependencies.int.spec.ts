// Plants one import against each rule of .dependency-cruiser.mjs and demands that it is caught.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { plantedProject, root, runTool } from './workspace.js';

/** The name of the rule that must speak, the file that breaks it, and its text. */
type Planted = readonly [rule: string, file: string, text: string];

function value(from: string, name = 'thing'): string {
  return `import { ${name} } from '${from}';\nexport const used = ${name};\n`;
}

function type(from: string, name = 'Thing'): string {
  return `import type { ${name} } from '${from}';\nexport type Used = ${name};\n`;
}

const planted: readonly Planted[] = [
  ['core-session: built-ins', 'libs/core-session/src/a.ts', value('node:crypto', 'sign')],
  ['core-session: built-ins', 'libs/core-session/src/b.ts', value('crypto', 'sign')],
  ['core-session: allow-list', 'libs/core-session/src/c.ts', type('jose', 'JWK')],
  ['core-session: allow-list', 'libs/core-session/src/d.ts', value('@nestjs/common', 'Injectable')],
  ['core-session: allow-list', 'libs/core-session/src/e.ts', type('@sallyport/engine')],
  ['core-session: allow-list', 'libs/core-session/src/f.ts', `export const g = import('jose');\n`],
  ['engine: allow-list', 'libs/engine/src/a.ts', type('@sallyport/core-session')],
  ['engine: allow-list', 'libs/engine/src/b.ts', value('rxjs', 'map')],
  ['engine: built-ins', 'libs/engine/src/c.ts', type('node:fs', 'Stats')],
  ['engine: allow-list of its specs', 'libs/engine/src/a.unit.spec.ts', value('@sallyport/core-session')],
  ['tokens: built-ins', 'libs/tokens/src/a.ts', value('node:fs', 'readFileSync')],
  ['tokens: allow-list', 'libs/tokens/src/b.ts', value('@sallyport/adapter-sqlite')],
  ['core as types only', 'libs/tokens/src/c.ts', value('@sallyport/core-session')],
  ['core as types only', 'libs/adapter-sqlite/src/a.ts', value('@sallyport/core-session')],
  ['adapter-sqlite: allow-list', 'libs/adapter-sqlite/src/b.ts', type('@sallyport/adapter-passwords')],
  ['adapter-sqlite: allow-list', 'libs/adapter-sqlite/src/c.ts', value('@node-rs/argon2', 'hash')],
  ['adapter-sqlite: allow-list', 'libs/adapter-sqlite/src/d.ts', type('@sallyport/tokens')],
  ['feature-ledger: allow-list', 'libs/feature-ledger/src/a.ts', type('@sallyport/adapter-sqlite')],
  ['feature-ledger: allow-list', 'libs/feature-ledger/src/b.ts', type('better-sqlite3', 'Database')],
  ['feature-ledger: allow-list', 'libs/feature-ledger/src/e.ts', type('@sallyport/feature-oauth')],
  ['feature-oauth: allow-list', 'libs/feature-oauth/src/a.ts', type('@sallyport/feature-operations')],
  ['library without an allow-list', 'libs/adapter-new/src/index.ts', value('@sallyport/engine')],
  ['one index per library', 'libs/tokens/src/d.ts', value('../../engine/src/inner.js')],
  ['one index per library, outside', 'apps/one/src/b.ts', value('../../../libs/engine/src/inner.js')],
  ['apps never import each other', 'apps/one/src/c.ts', type('../../two/src/main.js')],
  ['libraries never import apps', 'libs/feature-ledger/src/c.ts', type('../../../apps/two/src/main.js')],
  ['nothing imports test', 'apps/one/src/d.ts', value('../../../test/tools/load.js')],
  ['testing in specs only', 'apps/one/src/e.ts', type('@sallyport/testing')],
  ['testing in specs only', 'libs/feature-ledger/src/d.ts', type('@sallyport/testing')],
  ['doubles in specs only', 'libs/tokens/src/g.ts', value('./spec-examples.js')],
  ['no development packages in production', 'apps/one/src/f.ts', value('fast-check', 'assert')],
  ['no undeclared packages', 'apps/one/src/g.ts', type('semver', 'SemVer')],
  ['no unresolvable imports', 'apps/one/src/h.ts', type('@sallyport/nowhere')],
  ['no circular imports', 'libs/tokens/src/e.ts', type('./f.js', 'Used')],
];

const both = 'export const thing = 1;\nexport type Thing = 1;\n';
const innocent: Record<string, string> = {
  'libs/core-session/src/index.ts': both,
  'libs/engine/src/index.ts': `export * from './inner.js';\n`,
  'libs/engine/src/inner.ts': both,
  'libs/engine/src/inner.unit.spec.ts': value('fast-check', 'assert') + type('@sallyport/testing'),
  'libs/tokens/src/index.ts': value('jose', 'SignJWT') + type('@sallyport/core-session'),
  'libs/tokens/src/crypto.ts': value('node:crypto', 'sign') + value('node:buffer', 'Buffer'),
  'libs/tokens/src/spec-examples.ts': both + value('@sallyport/testing', 'thing as other'),
  'libs/adapter-passwords/src/index.ts': both,
  'libs/adapter-sqlite/src/index.ts': both,
  'libs/adapter-sqlite/src/driver.ts': value('better-sqlite3', 'default as Database'),
  'libs/feature-ledger/src/index.ts': value('@sallyport/core-session') + type('fastify', 'FastifyReply'),
  'libs/feature-oauth/src/index.ts': value('@sallyport/feature-ledger', 'used'),
  'libs/feature-operations/src/index.ts': both,
  'libs/feature-sessions/src/index.ts': both,
  'libs/testing/src/index.ts': both,
  'apps/one/src/main.ts': value('@sallyport/adapter-sqlite') + value('@nestjs/core', 'NestFactory'),
  'apps/two/src/main.ts': both,
  'test/tools/load.ts': both + value('undici', 'request') + value('@sallyport/testing', 'thing as other'),
};
const partners: Record<string, string> = { 'libs/tokens/src/f.ts': type('./e.js', 'Used') };

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

describe('the rules about imports', () => {
  let caught: Set<string>;

  beforeAll(async () => {
    const offenders = Object.fromEntries(planted.map(([, file, text]) => [file, text]));
    const project = plantedProject({ ...innocent, ...partners, ...offenders });
    try {
      const args = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'libs', 'apps', 'test'];
      const script = 'dependency-cruiser/bin/dependency-cruise.mjs';
      const report: unknown = JSON.parse(await runTool(script, args, project.path));
      const { violations } = (report as { summary: { violations: Violation[] } }).summary;
      caught = new Set(violations.map(({ rule, from }) => `${from} breaks ${rule.name}`));
    } finally {
      project.dispose();
    }
  });

  it.each(planted)('%s: catches %s', (rule, file) => {
    expect(caught).toContain(`${file} breaks ${rule}`);
  });

  it.each(Object.keys(innocent))('lets %s pass', (file) => {
    expect([...caught].filter((line) => line.startsWith(`${file} `))).toEqual([]);
  });

  it('has an allow-list for each library there is, and for no other', async () => {
    const { libraries } = (await import(join(root, '.dependency-cruiser.mjs'))) as { libraries: object };
    expect(Object.keys(libraries).sort()).toEqual(readdirSync(join(root, 'libs')).sort());
  });
});
