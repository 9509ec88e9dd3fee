// Reads the one URL that says where the database is, how it is encrypted and what its limits are.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

/** How the connection is encrypted. */
export interface PostgresTls {
  /** PEM text of the authorities that count; those of Node where absent. */
  readonly ca?: string;
  /** PEM texts of the client's own certificate. */
  readonly cert?: string;
  readonly key?: string;
  /** Whether the certificate must name the host (`verify-full`). */
  readonly checksHost: boolean;
}

export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Undefined: none. */
  readonly tls: PostgresTls | undefined;
  readonly applicationName: string;
  /** Connections of this process at most. */
  readonly poolSize: number;
  /** For a connection: to be made, or to come free. */
  readonly connectTimeoutMs: number;
  /** For one statement, and for its wait for a lock; by the server's clock, and ours a little later. */
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** The settings, or what is wrong with the URL: sentences that say what to do and hold no secret. */
export type PostgresUrlResult =
  | { readonly settings: PostgresSettings; readonly mistakes?: undefined }
  | { readonly settings?: undefined; readonly mistakes: readonly string[] };

const parameters = [
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'application_name',
  'pool_size',
  'connect_timeout',
  'statement_timeout',
  'lock_timeout',
];

/**
 * Reads `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=/ca.pem&pool_size=10`
 * and the files it names. `sslmode` is `verify-full` (the default for hosts beyond loopback), `verify-ca` or
 * `disable`; `connect_timeout` is in seconds as everywhere else, the other time-outs in milliseconds.
 */
export function parsePostgresUrl(text: string): PostgresUrlResult {
  if (!URL.canParse(text) || !/^postgres(ql)?:\/\//.test(text)) {
    return { mistakes: ['it is no URL like postgres://user:password@host:5432/database'] };
  }
  const read = new UrlReader(new URL(text));
  const settings: PostgresSettings = {
    host: read.host,
    port: Number(read.url.port || 5432),
    database: read.part('database', read.url.pathname.slice(1)),
    user: read.part('user', read.url.username),
    password: decodeURIComponent(read.url.password),
    tls: read.tls(),
    applicationName: read.text('application_name') ?? 'sallyport',
    poolSize: read.integer('pool_size', { min: 1, max: 1_000, otherwise: 10 }),
    connectTimeoutMs: read.integer('connect_timeout', { min: 1, max: 60, otherwise: 5 }) * 1_000,
    statementTimeoutMs: read.integer('statement_timeout', { min: 100, max: 600_000, otherwise: 10_000 }),
    lockTimeoutMs: read.integer('lock_timeout', { min: 100, max: 600_000, otherwise: 5_000 }),
  };
  return read.mistakes.length > 0 ? { mistakes: read.mistakes } : { settings };
}

class UrlReader {
  readonly mistakes: string[] = [];
  readonly host: string;

  constructor(readonly url: URL) {
    // The brackets of an IPv6 address belong to the URL.
    this.host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
    if (this.host === '') this.mistakes.push('it names no host');
    const known = (name: string): boolean => parameters.includes(name);
    for (const name of new Set(url.searchParams.keys())) {
      if (!known(name)) this.mistakes.push(`it has an unknown parameter ${name}`);
    }
  }

  part(name: string, value: string): string {
    if (value === '') this.mistakes.push(`it names no ${name}`);
    return decodeURIComponent(value);
  }

  text(name: string): string | undefined {
    return this.url.searchParams.get(name) ?? undefined;
  }

  integer(name: string, of: { min: number; max: number; otherwise: number }): number {
    const text = this.text(name);
    if (text === undefined) return of.otherwise;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= of.min && value <= of.max) return value;
    this.mistakes.push(`its ${name} is no integer from ${of.min} to ${of.max}`);
    return of.otherwise;
  }

  tls(): PostgresTls | undefined {
    const mode = this.text('sslmode') ?? (isLoopback(this.host) ? 'disable' : 'verify-full');
    if (mode === 'disable') return undefined;
    if (mode !== 'verify-full' && mode !== 'verify-ca') {
      // `require` and weaker encrypt to whoever answers.
      this.mistakes.push('its sslmode is none of verify-full, verify-ca, disable');
      return undefined;
    }
    const files = { ca: this.file('sslrootcert'), cert: this.file('sslcert'), key: this.file('sslkey') };
    if ((files.cert === undefined) !== (files.key === undefined)) {
      this.mistakes.push('it has one of sslcert and sslkey without the other');
    }
    return { ...files, checksHost: mode === 'verify-full' };
  }

  private file(name: string): string | undefined {
    const path = this.text(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      this.mistakes.push(`its ${name} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`);
      return undefined;
    }
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
