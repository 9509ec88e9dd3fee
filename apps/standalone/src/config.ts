// The environment, read once: every setting, its default and its meaning, and all mistakes in one message.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GeoFiles, geoFileNames, type GeoFileName, type GeoPaths } from '@sallyport/adapter-geoip';
import type { RuleSetConfig } from '@sallyport/core-anomaly';
import type { Client } from '@sallyport/core-session';
import { parseRuleFile } from '@sallyport/feature-anomaly';
import { parseClients } from '@sallyport/feature-ledger';
import { EnvironmentReader, isAddressRange, logLevels, unknownSettings } from '@sallyport/feature-operations';
import type { LogLevel } from '@sallyport/feature-operations';
import { parseMasterKey, type MasterKey } from '@sallyport/tokens';

/** A setting as the documentation shows it. */
export interface SettingDescription {
  readonly name: string;
  readonly default: string;
  readonly description: string;
}

/** Every setting there is; README's table is held against this list. */
export const settings = [
  ['PORT', '3000', 'Port of the service; 0 takes a free one.'],
  ['SALLYPORT_HOST', '127.0.0.1', 'Address the service listens on.'],
  ['SALLYPORT_ISSUER', 'the bound address', 'URL clients know the service by; https, unless it is loopback.'],
  ['SALLYPORT_AUDIENCE', 'the issuer', '`aud` of access tokens.'],
  ['SALLYPORT_DATA_DIR', './.sallyport', 'Directory of ledger, views and wrapped keys; one process each.'],
  ['SALLYPORT_CLIENTS_FILE', 'two demo clients', 'JSON file of the registered clients.'],
  ['SALLYPORT_MASTER_KEY_FILE', 'made at first start', 'File with the master key; made in development only.'],
  ['SALLYPORT_MASTER_KEY', '', 'The master key itself, where a file is not possible.'],
  ['SALLYPORT_SIGN_UP', 'on in development', '`on` or `off`: whether people may open accounts at /sign-up.'],
  ['SALLYPORT_ACCESS_TOKEN_SECONDS', '300', 'Life of access tokens of clients that name none; 3600 at most.'],
  ['SALLYPORT_FRESH_SECONDS', '300', 'How recent a sign-in must be for acts on other sessions.'],
  ['SALLYPORT_LOG_LEVEL', 'info', 'trace, debug, info, warn, error, fatal or silent.'],
  ['SALLYPORT_MAX_IN_FLIGHT', '256', 'Token requests at once, and as many others; more are answered 503.'],
  ['SALLYPORT_TRUSTED_PROXIES', 'none', 'Addresses, CIDR ranges whose X-Forwarded-For counts.'],
  ['SALLYPORT_GEO_COUNTRY_FILE', 'the shipped one', 'Country of addresses: a MaxMind DB for IPv4 and IPv6.'],
  ['SALLYPORT_GEO_CITY_FILE', '', 'Their places, on a coarse grid: a MaxMind DB such as GeoLite2 City.'],
  ['SALLYPORT_GEO_ASN_FILE', '', 'Their networks: a MaxMind DB such as GeoLite2 ASN.'],
  ['SALLYPORT_GEO_ANONYMOUS_FILE', '', 'Hosting, VPN and Tor: a MaxMind DB such as GeoIP2 Anonymous IP.'],
  ['SALLYPORT_GEO_CONNECTION_FILE', '', 'Mobile, residential: a MaxMind DB such as GeoIP2 Connection Type.'],
  ['SALLYPORT_GEO_HOSTING_FILE', '', 'Data centres: a MaxMind DB, or a list of CIDR ranges, one a line.'],
  ['SALLYPORT_GEO_VPN_FILE', '', 'VPNs: the same.'],
  ['SALLYPORT_GEO_TOR_FILE', '', 'Tor exits: the same.'],
  ['SALLYPORT_RULES_FILE', 'what was activated last', 'YAML file of the rules; becomes active at the start.'],
  ['SALLYPORT_TEST_CLOCK', '', '1: `npm run admin -- clock advance` moves the clock. Loopback issuers only.'],
  ['SALLYPORT_TEST_SYNCHRONOUS', 'FULL', 'NORMAL, OFF: a power failure loses answers. Loopback only.'],
  ['SALLYPORT_TEST_COMMIT_DELAY_MS', '0', 'Makes each commit slower, to measure. Loopback issuers only.'],
] as const satisfies readonly (readonly [name: string, default_: string, description: string])[];

export const settingDescriptions: readonly SettingDescription[] = settings.map(
  ([name, otherwise, description]) => ({ name, default: otherwise, description }),
);

type SettingName = (typeof settings)[number][0];
type Reader = EnvironmentReader<SettingName>;

export interface Config {
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly maxInFlight: number;
    readonly trustedProxies: readonly string[];
  };
  readonly identity: {
    /** Undefined: the bound address. */
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    /** The issuer is loopback. */
    readonly development: boolean;
    readonly signUp: boolean;
    readonly freshSeconds: number;
  };
  readonly dataDir: string;
  readonly clients: readonly Client[];
  /** Undefined: the one beside the data, made if need be. */
  readonly masterKey: MasterKey | undefined;
  /** Files of network data that stand for the shipped one, or beside it. */
  readonly geo: GeoPaths;
  /** Undefined: whichever was activated last, else the defaults. */
  readonly rules: RuleSetConfig | undefined;
  readonly logLevel: LogLevel;
  readonly tests: {
    readonly clock: boolean;
    readonly synchronous: 'FULL' | 'NORMAL' | 'OFF';
    readonly commitDelayMs: number;
  };
}

/** The configuration, or what is wrong with it, one sentence each that says what to do. */
export type ConfigResult = { readonly config: Config; readonly mistakes?: undefined } | Mistakes;
interface Mistakes {
  readonly config?: undefined;
  readonly mistakes: readonly string[];
}

/** Reads and checks the whole environment, and the files it names. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ConfigResult {
  const read = new EnvironmentReader<SettingName>(environment);
  const issuer = read.text('SALLYPORT_ISSUER', issuerFault);
  const host = read.text('SALLYPORT_HOST') ?? '127.0.0.1';
  const development = isLoopback(issuer === undefined ? host : new URL(issuer).hostname);
  const config: Config = {
    http: {
      host,
      port: read.integer('PORT', { min: 0, max: 65_535, otherwise: 3000 }),
      maxInFlight: read.integer('SALLYPORT_MAX_IN_FLIGHT', { min: 1, max: 10_000, otherwise: 256 }),
      trustedProxies: read.list('SALLYPORT_TRUSTED_PROXIES', 'an address or a CIDR range', isAddressRange),
    },
    identity: {
      issuer,
      audience: read.text('SALLYPORT_AUDIENCE'),
      development,
      signUp: (read.choice('SALLYPORT_SIGN_UP', ['on', 'off']) ?? (development ? 'on' : 'off')) === 'on',
      freshSeconds: read.integer('SALLYPORT_FRESH_SECONDS', { min: 1, max: 86_400, otherwise: 300 }),
    },
    dataDir: resolve(read.text('SALLYPORT_DATA_DIR') ?? '.sallyport'),
    clients: readClients(read),
    masterKey: readMasterKey(read, development),
    geo: readGeoPaths(read),
    rules: readRules(read),
    logLevel: read.choice('SALLYPORT_LOG_LEVEL', logLevels) ?? 'info',
    tests: {
      clock: read.choice('SALLYPORT_TEST_CLOCK', ['0', '1']) === '1',
      synchronous: read.choice('SALLYPORT_TEST_SYNCHRONOUS', ['FULL', 'NORMAL', 'OFF']) ?? 'FULL',
      commitDelayMs: read.integer('SALLYPORT_TEST_COMMIT_DELAY_MS', { min: 0, max: 1000, otherwise: 0 }),
    },
  };
  const names = settings.map(([name]) => name);
  const unknown = unknownSettings(environment, 'SALLYPORT_', names);
  const mistakes = [...read.mistakes, ...contradictions(config), ...unknown];
  return mistakes.length > 0 ? { mistakes } : { config: deepFreeze(config) };
}

function contradictions({ identity: { issuer, development }, http, tests }: Config): string[] {
  const mistakes: string[] = [];
  if (issuer === undefined && !isLoopback(http.host)) {
    mistakes.push(`SALLYPORT_ISSUER is missing: clients elsewhere reach ${http.host} by some URL; name it.`);
  }
  if (!development && (tests.clock || tests.synchronous !== 'FULL' || tests.commitDelayMs > 0)) {
    mistakes.push('SALLYPORT_TEST_* is for tests on this machine: leave it out, or use a loopback issuer.');
  }
  return mistakes;
}

function readClients(read: Reader): readonly Client[] {
  const life = { min: 1, max: 3600, otherwise: 300 };
  const accessTokenSeconds = read.integer('SALLYPORT_ACCESS_TOKEN_SECONDS', life);
  const file = read.text('SALLYPORT_CLIENTS_FILE') ?? developmentClientsFile();
  const text = read.file('SALLYPORT_CLIENTS_FILE', file);
  if (text === undefined) return [];
  const parsed = parseClients(text, { accessTokenSeconds });
  const where = `SALLYPORT_CLIENTS_FILE (${file})`;
  read.mistakes.push(...(parsed.mistakes ?? []).map((mistake) => `${where}: ${mistake}.`));
  return parsed.clients ?? [];
}

function readMasterKey(read: Reader, development: boolean): MasterKey | undefined {
  const file = read.text('SALLYPORT_MASTER_KEY_FILE');
  const text = read.text('SALLYPORT_MASTER_KEY');
  if (file !== undefined && text !== undefined) {
    read.mistakes.push('SALLYPORT_MASTER_KEY_FILE and SALLYPORT_MASTER_KEY are both set: keep one of them.');
    return undefined;
  }
  if (file === undefined && text === undefined && !development) {
    read.mistakes.push(
      'SALLYPORT_MASTER_KEY_FILE is missing: a key is made by itself in development only. ' +
        'Make one with `openssl rand -hex 32`, keep it away from the data, and name its file.',
    );
  }
  const name = file === undefined ? 'SALLYPORT_MASTER_KEY' : 'SALLYPORT_MASTER_KEY_FILE';
  const key = file === undefined ? text : read.file(name, file);
  if (key === undefined) return undefined;
  try {
    return parseMasterKey(key);
  } catch (error) {
    read.mistakes.push(`${name} is not a master key: ${(error as Error).message}.`);
    return undefined;
  }
}

function readRules(read: Reader): RuleSetConfig | undefined {
  const file = read.text('SALLYPORT_RULES_FILE');
  const text = file === undefined ? undefined : read.file('SALLYPORT_RULES_FILE', file);
  if (text === undefined) return undefined;
  const { config, mistakes = [] } = parseRuleFile(text);
  read.mistakes.push(...mistakes.map((mistake) => `SALLYPORT_RULES_FILE (${file}): ${mistake}.`));
  return config;
}

/** Paths of network data, each file opened once to see that it is what it should be. */
function readGeoPaths(read: Reader): GeoPaths {
  const upper = (name: GeoFileName) => name.toUpperCase() as Uppercase<GeoFileName>;
  const setting = (name: GeoFileName) => `SALLYPORT_GEO_${upper(name)}_FILE` as const;
  const given = geoFileNames.map((name) => [name, read.text(setting(name))] as const);
  const paths: GeoPaths = Object.fromEntries(given.filter(([, path]) => path !== undefined));
  const { faults = [] } = GeoFiles.open(paths);
  read.mistakes.push(...faults.map(({ name, file, fault }) => `${setting(name)}: ${file} ${fault}.`));
  return paths;
}

/** Why the URL cannot be an issuer (RFC 8414 section 2), or undefined. */
function issuerFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is not a URL; write e.g. https://login.example.org';
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return 'must be https; plain http is for loopback only';
  }
  if (/[?#]/.test(text)) return 'must have no query and no fragment';
  if (text.endsWith('/')) return 'must not end in a slash';
  if (url.username + url.password !== '') return 'must have no user name';
  const asWritten = url.pathname === '/' ? url.origin : url.origin + url.pathname;
  return asWritten === text ? undefined : `must be written in its normal form: ${asWritten}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The clients that come with the repository, found from source and from build output alike. */
function developmentClientsFile(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'apps', 'standalone', 'clients.development.json');
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member as object);
  }
  return Object.freeze(value);
}
