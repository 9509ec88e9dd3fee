// Connections to PostgreSQL beyond loopback are encrypted, and only to a server that proves who it is.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresDatabase } from '@sallyport/adapter-postgres';
import { settingsOf } from './postgres-databases.js';
import { PostgresServer } from './postgres.js';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
let server: PostgresServer;

/** A certificate for the host that signs itself, by the program that Debian's PostgreSQL comes with. */
function certificate(name: string, host: string): { certificate: string; key: string } {
  const files = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  const alternative = /^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`;
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=${alternative}`];
  const made = ['-x509', '-nodes', '-days', '2', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const out = ['-keyout', files.key, '-out', files.certificate];
  execFileSync('openssl', ['req', ...made, ...subject, ...out], { stdio: 'ignore' });
  return files;
}

const good = certificate('good', '127.0.0.1');
const other = certificate('other', '127.0.0.1');

beforeAll(async () => {
  server = await PostgresServer.start({ tls: good });
});
afterAll(async () => {
  await server.dispose();
  rmSync(directory, { recursive: true });
});

async function encrypted(parameters: string, from = server): Promise<unknown> {
  const database = new PostgresDatabase(settingsOf(`${from.url()}?${parameters}`));
  try {
    const query = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    return (await database.read<{ ssl: boolean }>(query))[0]?.ssl;
  } finally {
    await database.close();
  }
}

describe('TLS to PostgreSQL', () => {
  it('is spoken to a server whose certificate an authority of ours signed for its host', async () => {
    expect(await encrypted(`sslmode=verify-full&sslrootcert=${good.certificate}`)).toBe(true);
    expect(await encrypted('sslmode=disable')).toBe(false);
  });

  it('ends where the certificate is of another authority, or of none that is known', async () => {
    for (const authority of [`&sslrootcert=${other.certificate}`, '']) {
      const asked = encrypted(`sslmode=verify-full${authority}`);
      await expect(asked).rejects.toMatchObject({ code: 'store_unavailable' });
    }
  });

  it('ends where the certificate names another host, unless only the authority counts', async () => {
    const elsewhere = certificate('elsewhere', 'db.example');
    const renamed = await PostgresServer.start({ tls: elsewhere });
    try {
      const ca = `sslrootcert=${elsewhere.certificate}`;
      const checked = encrypted(`sslmode=verify-full&${ca}`, renamed);
      await expect(checked).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(await encrypted(`sslmode=verify-ca&${ca}`, renamed)).toBe(true);
    } finally {
      await renamed.dispose();
    }
  });

  it('ends where the server speaks none', async () => {
    const plain = await PostgresServer.start();
    try {
      const asked = encrypted(`sslmode=verify-full&sslrootcert=${good.certificate}`, plain);
      await expect(asked).rejects.toMatchObject({ code: 'store_unavailable' });
    } finally {
      await plain.dispose();
    }
  });
});
