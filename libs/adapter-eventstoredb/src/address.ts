// The address of a store, read and checked by ourselves: the client drops or ignores some of what it is told.
import { readFileSync } from 'node:fs';
import type { Credentials } from '@eventstore/db-client';
import { EventStoreSettingsError } from './errors.js';

export interface StoreAddress {
  readonly hosts: readonly { readonly address: string; readonly port: number }[];
  /** Ask the hosts (or the DNS name) for the members of the cluster and use its leader. */
  readonly discover: boolean;
  readonly tls: boolean;
  readonly rootCertificate?: Buffer;
  readonly userCertificate?: Buffer;
  readonly userKey?: Buffer;
  /** Sent with each call; absent only where there is no encryption, or a certificate says who calls. */
  readonly credentials?: Credentials;
  readonly connectionName?: string;
  /** Milliseconds between looks for a leader, how many, and seconds one may take. */
  readonly discoveryIntervalMs?: number;
  readonly maxDiscoverAttempts?: number;
  readonly gossipTimeoutSeconds?: number;
  readonly keepAliveIntervalMs?: number;
  readonly keepAliveTimeoutMs?: number;
}

const shape = new RegExp(
  '^(?:esdb|kurrentdb|kurrent)(?<discover>\\+discover)?://' +
    '(?:(?<user>[^@/?]*)@)?(?<hosts>[^/?]+)/?(?:\\?(?<query>.*))?$',
);
const hostShape = /^(?<address>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?<port>\d{1,5}))?$/;
const defaultPort = 2113;

/** Names in lower case, as the client takes them in any case. */
const numbers = {
  discoveryinterval: 'discoveryIntervalMs',
  maxdiscoverattempts: 'maxDiscoverAttempts',
  gossiptimeout: 'gossipTimeoutSeconds',
  keepaliveinterval: 'keepAliveIntervalMs',
  keepalivetimeout: 'keepAliveTimeoutMs',
} as const;
const known = ['tls', 'tlscafile', 'usercertfile', 'userkeyfile', 'connectionname', ...Object.keys(numbers)];

/**
 * Reads `esdb://user:password@host:2113?tls=true&tlsCAFile=...` (also `esdb+discover://`, several hosts, and
 * the scheme `kurrentdb`). Throws `EventStoreSettingsError`, whose message never holds the password.
 */
export function parseAddress(url: string): StoreAddress {
  const found = shape.exec(url.trim())?.groups;
  if (found === undefined) throw invalid('it must read esdb://user:password@host:2113?tls=true');
  const options = readOptions(found['query'] ?? '');
  const hosts = (found['hosts'] ?? '').split(',').map(readHost);
  const credentials = readCredentials(found['user']);
  const tls = flag(options, 'tls', true);
  const [certFile, keyFile] = [options.get('usercertfile'), options.get('userkeyfile')];
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw invalid('userCertFile and userKeyFile go together');
  }
  checkCredentials({ tls, credentials, certificate: certFile !== undefined });
  return {
    hosts,
    discover: found['discover'] !== undefined || hosts.length > 1,
    tls,
    credentials,
    connectionName: options.get('connectionname'),
    rootCertificate: file(options.get('tlscafile'), 'tlsCAFile'),
    userCertificate: file(certFile, 'userCertFile'),
    userKey: file(keyFile, 'userKeyFile'),
    ...numbersOf(options),
  };
}

function readHost(text: string): { address: string; port: number } {
  const found = hostShape.exec(text.trim())?.groups;
  const port = Number(found?.['port'] ?? defaultPort);
  if (found === undefined || port < 1 || port > 65_535) throw invalid('a host must read name:port');
  return { address: found['address'] as string, port };
}

function readCredentials(user: string | undefined): Credentials | undefined {
  if (user === undefined || user === '') return undefined;
  const at = user.indexOf(':');
  if (at <= 0) throw invalid('the part before @ must read user:password, percent-encoded');
  try {
    return {
      username: decodeURIComponent(user.slice(0, at)),
      password: decodeURIComponent(user.slice(at + 1)),
    };
  } catch {
    throw invalid('user and password must be percent-encoded');
  }
}

function checkCredentials(given: { tls: boolean; credentials?: Credentials; certificate: boolean }): void {
  if (!given.tls && given.credentials !== undefined) {
    const text = 'credentials are never sent over tls=false: encrypt the connection, or leave them out';
    throw new EventStoreSettingsError('credentials_in_clear', text);
  }
  if (given.tls && given.credentials === undefined && !given.certificate) {
    const text = 'the address of the event store names nobody: esdb://user:password@host';
    throw new EventStoreSettingsError('credentials_missing', text);
  }
}

function readOptions(query: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const key = name.toLowerCase().replace(/[_-]/g, '');
    refuseUnsupported(key, value.toLowerCase());
    if (known.includes(key)) options.set(key, value);
  }
  return options;
}

/** What the client ignores without a word, and what would make an answer mean less than the port promises. */
function refuseUnsupported(key: string, value: string): void {
  const refuse = (text: string) => new EventStoreSettingsError('option_unsupported', text);
  if (key === 'tlsverifycert' && value !== 'true') {
    throw refuse('tlsVerifyCert=false has no effect in this client: name the authority with tlsCAFile');
  }
  if (key === 'throwonappendfailure' && value !== 'true') {
    throw refuse('throwOnAppendFailure=false answers wrong revisions: leave it out');
  }
  if (key === 'nodepreference' && value !== 'leader') {
    throw refuse('decisions are taken on the leader alone: leave nodePreference out');
  }
  const fine = [...known, 'tlsverifycert', 'throwonappendfailure', 'nodepreference'];
  if (!fine.includes(key)) throw refuse(`the address of the event store has an unknown option: ${key}`);
}

function flag(options: Map<string, string>, name: string, otherwise: boolean): boolean {
  const value = options.get(name)?.toLowerCase();
  if (value !== undefined && value !== 'true' && value !== 'false') throw invalid(`${name} is true or false`);
  return value === undefined ? otherwise : value === 'true';
}

function numbersOf(options: Map<string, string>): Partial<StoreAddress> {
  const read = Object.entries(numbers).map(([key, name]) => {
    const text = options.get(key);
    if (text !== undefined && !/^\d{1,9}$/.test(text)) throw invalid(`${key} must be a number`);
    return [name, text === undefined ? undefined : Number(text)];
  });
  return Object.fromEntries(read) as Partial<StoreAddress>;
}

function file(path: string | undefined, option: string): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    const text = `${option} cannot be read: ${path}`;
    throw new EventStoreSettingsError('file_unreadable', text, { cause: error });
  }
}

function invalid(why: string): EventStoreSettingsError {
  return new EventStoreSettingsError('url_invalid', `the address of the event store is not one: ${why}`);
}
