// Who may import what, as allow-lists: what is not here is refused. A new library needs an entry.

/** What every feature may use: Nest, what Nest needs, and what serves HTTP, logs and metrics. */
const feature = {
  npm: [
    '@nestjs/[^/]+',
    'class-validator',
    'class-transformer',
    'reflect-metadata',
    'rxjs',
    'prom-client',
    'pino',
    'fastify',
    '@fastify/helmet',
    'cookie',
  ],
  node: 'any',
};

/**
 * The npm packages and Node built-ins of each library's own source. Which other libraries it may import
 * follows from its kind, see `siblings`. `node: 'any'` admits every built-in.
 * @type {Record<string, { npm?: string[], node?: string[] | 'any' }>}
 */
export const libraries = {
  'core-anomaly': {},
  'core-session': {},
  'core-views': {},
  engine: {},
  tokens: { npm: ['jose'], node: ['buffer', 'crypto', 'net', 'os'] },
  'adapter-eventstoredb': { npm: ['@eventstore/db-client'], node: 'any' },
  'adapter-geoip': { npm: ['maxmind', '@ip-location-db/[^/]+'], node: 'any' },
  'adapter-kafka': { npm: ['kafkajs'], node: 'any' },
  'adapter-passwords': { npm: ['@node-rs/argon2'], node: 'any' },
  'adapter-postgres': { npm: ['pg'], node: 'any' },
  'adapter-sqlite': { npm: ['better-sqlite3'], node: 'any' },
  'feature-admin': feature,
  'feature-anomaly': { ...feature, npm: [...feature.npm, 'yaml'] },
  'feature-auditor': { node: ['crypto', 'util'] },
  'feature-ledger': feature,
  'feature-oauth': feature,
  'feature-operations': feature,
  'feature-relay': { node: ['crypto'] },
  'feature-sessions': feature,
  'feature-standing': {},
  'standing-reader': {},
  'command-line': {},
  testing: { npm: ['@jest/globals', 'fast-check', 'jose', 'oauth4webapi', 'undici'], node: 'any' },
};

const specPackages = [
  '@jest/globals',
  '@nestjs/testing',
  'fast-check',
  'jose',
  'oauth4webapi',
  'playwright-core',
  'undici',
];

const index = '^libs/[^/]+/src/index\\.ts$';
/** Specs, and the doubles that the specs of one library share. */
const spec = '(\\.spec|/spec-examples)\\.ts$';
const npm = (names) => names.map((name) => `(^|/)node_modules/(@types/)?${name}/`);

/** The other libraries that a library may import, by the prefix that is its kind. */
function siblings(name) {
  if (name === 'engine') return [];
  if (name === 'testing') return ['^libs/(core-[^/]+|engine|tokens)/'];
  if (name.startsWith('core-')) return ['^libs/core-[^/]+/'];
  // The commands and queries of the ledger are what the features for HTTP and operators send.
  if (name.startsWith('feature-')) return ['^libs/(core-[^/]+|engine|tokens|feature-ledger)/'];
  return ['^libs/(core-[^/]+|engine)/'];
}

/** The rules that hold one library: siblings and packages, the same for its specs, and its built-ins. */
function rulesOf([name, { npm: packages = [], node = [] }]) {
  const own = `^libs/${name}/`;
  const mine = [own, ...siblings(name), ...npm(packages)];
  const source = { path: own, pathNot: spec };
  const specs = { path: `${own}.*${spec}` };
  const withTesting = [...mine, '^libs/testing/', ...npm(specPackages), ...specSiblings(name)];
  const rules = [
    forbid(`${name}: allow-list`, source, { pathNot: mine, dependencyTypesNot: ['core'] }),
    forbid(`${name}: allow-list of its specs`, specs, { pathNot: withTesting, dependencyTypesNot: ['core'] }),
  ];
  if (node === 'any') return rules;
  const builtIns = node.length === 0 ? {} : { pathNot: `^(node:)?(${node.join('|')})$` };
  return [...rules, forbid(`${name}: built-ins`, source, { dependencyTypes: ['core'], ...builtIns })];
}

/** What specs may import besides: the engine's know no domain either; others, what has no driver. */
function specSiblings(name) {
  return name === 'engine' || name.startsWith('core-') ? [] : ['^libs/(core-[^/]+|engine|tokens)/'];
}

function forbid(name, from, to) {
  return { name, severity: 'error', from, to };
}

const production = { path: '^(libs|apps)/', pathNot: [spec, '^libs/testing/'] };
const unlisted = `^libs/(?!(${Object.keys(libraries).join('|')})/)`;

export default {
  forbidden: [
    ...Object.entries(libraries).flatMap(rulesOf),
    forbid('library without an allow-list', { path: unlisted }, {}),
    forbid('core as types only', { path: '^libs/(adapter-[^/]+|tokens)/', pathNot: spec }, {
      path: '^libs/core-',
      dependencyTypesNot: ['type-only'],
    }),
    forbid('one index per library', { path: '^libs/([^/]+)/' }, { path: '^libs/(?!$1/)', pathNot: index }),
    forbid('one index per library, outside', { path: '^(apps|test)/' }, { path: '^libs/', pathNot: index }),
    forbid('apps never import each other', { path: '^apps/([^/]+)/' }, { path: '^apps/(?!$1/)' }),
    forbid('libraries never import apps', { path: '^libs/' }, { path: '^apps/' }),
    forbid('nothing imports test', { path: '^(libs|apps)/' }, { path: '^test/' }),
    forbid('testing in specs only', production, { path: '^libs/testing/' }),
    forbid('doubles in specs only', production, { path: '/spec-examples\\.ts$' }),
    forbid('no development packages in production', production, {
      dependencyTypes: ['npm-dev'],
      pathNot: '(^|/)node_modules/@types/',
    }),
    // Both come with a declared package, in the version that it runs: @nestjs/platform-fastify and jest.
    forbid('no undeclared packages', {}, {
      dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
      pathNot: '(^|/)node_modules/(fastify|@jest/globals)/',
    }),
    forbid('no unresolvable imports', {}, { couldNotResolve: true }),
    forbid('no circular imports', {}, { circular: true }),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    // Without this, imports that vanish in compilation (types, unused values) pass unseen.
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    // Our own output only: packages keep their code in folders of that name, and excluded means unseen.
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
