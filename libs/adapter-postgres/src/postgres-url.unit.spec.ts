// One URL says where the database is and how safely it is spoken to; all mistakes are told at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePostgresUrl } from './postgres-url.js';

const local = 'postgres://app:s%3Acret@127.0.0.1/sallyport';
const remote = 'postgresql://app:secret@db.example:6432/sallyport';

describe('parsePostgresUrl', () => {
  it('reads host, port, database and credentials, and has limits on everything', () => {
    expect(parsePostgresUrl(local).settings).toEqual({
      host: '127.0.0.1',
      port: 5432,
      database: 'sallyport',
      user: 'app',
      password: 's:cret',
      tls: undefined,
      applicationName: 'sallyport',
      poolSize: 10,
      connectTimeoutMs: 5_000,
      statementTimeoutMs: 10_000,
      lockTimeoutMs: 5_000,
    });
    const limits = 'pool_size=3&connect_timeout=2&statement_timeout=900&lock_timeout=400';
    expect(parsePostgresUrl(`${remote}?${limits}&application_name=relay`).settings).toMatchObject({
      host: 'db.example',
      port: 6432,
      applicationName: 'relay',
      poolSize: 3,
      connectTimeoutMs: 2_000,
      statementTimeoutMs: 900,
      lockTimeoutMs: 400,
    });
    expect(parsePostgresUrl('postgres://app:x@[::1]/db').settings?.host).toBe('::1');
  });

  it('encrypts to hosts beyond loopback and checks whom it speaks to, unless told otherwise', () => {
    const tls = (url: string) => parsePostgresUrl(url).settings?.tls;
    expect(tls(remote)).toEqual({ checksHost: true });
    expect(tls(`${remote}?sslmode=verify-ca`)).toEqual({ checksHost: false });
    expect(tls(`${remote}?sslmode=disable`)).toBeUndefined();
    expect(tls(`${local}?sslmode=verify-full`)).toEqual({ checksHost: true });
  });

  it('refuses modes that encrypt to whoever answers', () => {
    for (const mode of ['require', 'prefer', 'allow', 'no-verify']) {
      expect(parsePostgresUrl(`${remote}?sslmode=${mode}`).mistakes).toEqual([
        'its sslmode is none of verify-full, verify-ca, disable',
      ]);
    }
  });

  it('reads the files it names', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-url-'));
    const file = join(directory, 'ca.pem');
    writeFileSync(file, 'PEM');
    expect(parsePostgresUrl(`${remote}?sslrootcert=${file}`).settings?.tls?.ca).toBe('PEM');
    const { mistakes } = parsePostgresUrl(`${remote}?sslrootcert=${file}.absent&sslcert=${file}`);
    expect(mistakes).toEqual([
      'its sslrootcert cannot be read: ENOENT',
      'it has one of sslcert and sslkey without the other',
    ]);
    rmSync(directory, { recursive: true });
  });

  it('tells all mistakes at once', () => {
    const { mistakes } = parsePostgresUrl('postgres:///?pool_size=0&statement_timeout=1h&ssl=true');
    expect(mistakes).toEqual([
      'it names no host',
      'it has an unknown parameter ssl',
      'it names no database',
      'it names no user',
      'its pool_size is no integer from 1 to 1000',
      'its statement_timeout is no integer from 100 to 600000',
    ]);
    for (const text of ['', 'localhost', 'mysql://app@host/db', '/var/run/postgresql']) {
      expect(parsePostgresUrl(text).mistakes).toEqual([
        'it is no URL like postgres://user:password@host:5432/database',
      ]);
    }
  });
});
