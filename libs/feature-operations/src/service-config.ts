// What every service that speaks HTTP reads from its environment: where it listens, who it is, for whom.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@sallyport/core-session';
import { parseClients } from '@sallyport/feature-ledger';
import { parseMasterKey, type MasterKey } from '@sallyport/tokens';
import type { EnvironmentReader } from './environment.js';
import { logLevels, type LogLevel } from './logging.js';
import { isAddressRange } from './trusted-proxies.js';

/** A setting as the documentation shows it. */
export interface SettingDescription {
  readonly name: string;
  readonly default: string;
  readonly description: string;
}

/** A setting as it is written down: name, default in words, meaning. */
export type SettingRow<Name extends string = string> = readonly [
  name: Name,
  otherwise: string,
  description: string,
];

export const serviceSettings = [
  ['PORT', '3000', 'Port of the service; 0 takes a free one.'],
  ['SALLYPORT_HOST', '127.0.0.1', 'Address the service listens on.'],
  ['SALLYPORT_ISSUER', 'the bound address', 'URL clients know the service by; https, unless it is loopback.'],
  ['SALLYPORT_AUDIENCE', 'the issuer', '`aud` of access tokens.'],
  ['SALLYPORT_CLIENTS_FILE', 'two demo clients', 'JSON file of the registered clients.'],
  ['SALLYPORT_MASTER_KEY_FILE', 'made at first start', 'File with the master key; made in development only.'],
  ['SALLYPORT_MASTER_KEY', '', 'The master key itself, where a file is not possible.'],
  ['SALLYPORT_SIGN_UP', 'on in development', '`on` or `off`: whether people may open accounts at /sign-up.'],
  ['SALLYPORT_ACCESS_TOKEN_SECONDS', '300', 'Life of access tokens of clients that name none; 3600 at most.'],
  ['SALLYPORT_FRESH_SECONDS', '300', 'How recent a sign-in must be for acts on other sessions.'],
  ['SALLYPORT_LOG_LEVEL', 'info', 'trace, debug, info, warn, error, fatal or silent.'],
  ['SALLYPORT_MAX_IN_FLIGHT', '256', 'Token requests at once, and as many others; more are answered 503.'],
  ['SALLYPORT_TRUSTED_PROXIES', 'none', 'Addresses, CIDR ranges whose X-Forwarded-For counts.'],
] as const satisfies readonly SettingRow[];

export type ServiceSetting = (typeof serviceSettings)[number][0];
type Reader = EnvironmentReader<ServiceSetting>;

/** The same rows for a service of several processes, which share what one alone may make for itself. */
export const sharedServiceSettings: readonly SettingRow<ServiceSetting>[] = serviceSettings.map((row) => {
  if (row[0] === 'SALLYPORT_ISSUER') return [row[0], '', row[2]];
  if (row[0] !== 'SALLYPORT_MASTER_KEY_FILE') return row;
  return [row[0], '', 'File with the master key: 32 bytes in hex, e.g. by `openssl rand -hex 32`.'];
});

export interface ServiceConfig {
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
  readonly clients: readonly Client[];
  /** Undefined where the service makes its own, in development. */
  readonly masterKey: MasterKey | undefined;
  readonly logLevel: LogLevel;
}

export interface ServiceConfigOptions {
  /** Whether a service in development may make its master key and take the bound address for its issuer. */
  readonly standsAlone: boolean;
}

/** Reads the settings of a service; what is wrong goes to the reader's mistakes. */
export function readServiceConfig(read: Reader, { standsAlone }: ServiceConfigOptions): ServiceConfig {
  const issuer = read.text('SALLYPORT_ISSUER', issuerFault);
  const host = read.text('SALLYPORT_HOST') ?? '127.0.0.1';
  const development = isLoopback(issuer === undefined ? host : new URL(issuer).hostname);
  if (issuer === undefined && (!standsAlone || !isLoopback(host))) {
    const why = standsAlone ? `clients elsewhere reach ${host} by some URL` : 'all processes share one';
    read.mistakes.push(`SALLYPORT_ISSUER is missing: ${why}; name it.`);
  }
  return {
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
    clients: readClients(read),
    masterKey: readMasterKey(read, development && standsAlone),
    logLevel: read.choice('SALLYPORT_LOG_LEVEL', logLevels) ?? 'info',
  };
}

/** The settings as the documentation shows them. */
export function describedSettings(rows: readonly SettingRow[]): SettingDescription[] {
  return rows.map(([name, otherwise, description]) => ({ name, default: otherwise, description }));
}

/** Freezes what was read: nothing changes it later. */
export function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member as object);
  }
  return Object.freeze(value);
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

function readMasterKey(read: Reader, mayBeMade: boolean): MasterKey | undefined {
  const file = read.text('SALLYPORT_MASTER_KEY_FILE');
  const text = read.text('SALLYPORT_MASTER_KEY');
  if (file !== undefined && text !== undefined) {
    read.mistakes.push('SALLYPORT_MASTER_KEY_FILE and SALLYPORT_MASTER_KEY are both set: keep one of them.');
    return undefined;
  }
  if (file === undefined && text === undefined && !mayBeMade) {
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

/** Whether a host name or address is this machine's own. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The clients that come with the repository, found from source and from build output alike. */
function developmentClientsFile(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'apps', 'standalone', 'clients.development.json');
}
