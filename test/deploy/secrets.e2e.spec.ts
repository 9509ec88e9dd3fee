// The maker of secrets, as a process: makes each once, hands the same out again, says none of them.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { readOrMakeCredential } from '@sallyport/feature-admin';
import { parseMasterKey } from '@sallyport/tokens';
import { makeSecrets, servers, type Secrets } from '../../apps/secrets-init/src/secrets.js';
import { repositoryRoot } from '../tools/repository.js';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'));
afterAll(() => rmSync(dir, { recursive: true }));

function run(...options: string[]): string {
  const main = join(repositoryRoot(), 'dist', 'apps', 'secrets-init', 'src', 'main.js');
  const env = { ...process.env, NODE_OPTIONS: '' };
  return execFileSync(process.execPath, [main, '--dir', dir, ...options], { env, encoding: 'utf8' });
}

/** Every file, by its path. */
function files(): Record<string, string> {
  const found = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = found.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(dir.length + 1), readFileSync(path, 'utf8')]));
}

function kept(): Secrets {
  return JSON.parse(files()['made/secrets.json'] ?? '') as Secrets;
}

describe('npm run secrets:init', () => {
  it('makes them, each a different one, and tells nobody', () => {
    const said = run();
    expect(said).toMatch(/^made the secrets in /);
    const { passwords, masterKey, operators } = kept();
    const all = [...Object.values(passwords), masterKey, operators];
    expect(new Set(all).size).toBe(all.length);
    for (const secret of all) expect(said).not.toContain(secret);
    for (const secret of Object.values(passwords)) expect(secret).toMatch(/^[0-9a-f]{48}$/);
  });

  it('makes what the processes take for a master key and a credential', () => {
    expect(() => parseMasterKey(files()['session-api/master.key'] ?? '')).not.toThrow();
    expect(readOrMakeCredential(join(dir, 'session-api', 'operators.credential'))).toBe(kept().operators);
  });

  it('lets nobody else read them, and a group those alone that need it', () => {
    for (const path of Object.keys(files())) {
      const mode = statSync(join(dir, path)).mode & 0o777;
      expect([path, mode]).toEqual([path, /^(postgres|grafana)\//.test(path) ? 0o640 : 0o600]);
    }
  });

  it('gives each process its own, and no other one', () => {
    const { passwords } = kept();
    const holders = (secret: string): string[] => {
      const found = Object.entries(files()).filter(([, text]) => text.includes(secret));
      const folders = new Set(found.map(([path]) => path.split('/')[0] ?? ''));
      return [...folders].filter((folder) => folder !== 'made');
    };
    expect(holders(passwords['kafka-relay']).sort()).toEqual(['kafka', 'relay']);
    expect(holders(passwords['eventstore-admin']).sort()).toEqual(['kurrentdb', 'setup']);
    expect(holders(passwords['postgres-superuser'])).toEqual(['postgres']);
    expect(holders(kept().masterKey)).not.toContain('relay');
  });

  it('hands the same out again, also where some were lost', () => {
    const before = files();
    rmSync(join(dir, 'relay'), { recursive: true });
    expect(run()).toMatch(/^kept /);
    expect(files()).toEqual(before);
  });

  it('makes new certificates when it is asked to, and nothing else', () => {
    const before = kept();
    expect(run('--renew-certificates')).toMatch(/^renewed /);
    const { certificates, ...rest } = kept();
    expect(certificates.authority).not.toBe(before.certificates.authority);
    expect({ ...rest, certificates: before.certificates }).toEqual(before);
  });
});

describe('a certificate', () => {
  const { certificates } = makeSecrets(Date.now());

  /** Undefined when the connection is good, else why it is not. */
  async function refusal(servername: string, authority = certificates.authority): Promise<unknown> {
    const { certificate: cert, key } = certificates.servers.kurrentdb;
    const server = createServer({ cert, key });
    server.on('tlsClientError', () => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', servername, ca: authority });
    const outcome = await Promise.race([
      once(socket, 'secureConnect').then(() => undefined),
      once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code),
    ]).catch((error: NodeJS.ErrnoException) => error.code);
    socket.destroy();
    server.close();
    return outcome;
  }

  it('proves its server to those who trust the authority, by its name and on loopback', async () => {
    expect(await refusal('kurrentdb')).toBeUndefined();
    expect(await refusal('localhost')).toBeUndefined();
  });

  it('proves nothing under another name, or by another authority', async () => {
    expect(await refusal('postgres')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const other = makeSecrets(Date.now()).certificates.authority;
    expect(await refusal('kurrentdb', other)).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED|SIGNATURE/);
  });

  it('is good for two years, is of one server, and can vouch for nobody', () => {
    const authority = new X509Certificate(certificates.authority);
    expect(authority.ca).toBe(true);
    for (const name of servers) {
      const one = new X509Certificate(certificates.servers[name].certificate);
      expect(one.ca).toBe(false);
      expect(one.checkIssued(authority) && one.verify(authority.publicKey)).toBe(true);
      expect(one.subjectAltName).toBe(`DNS:${name}, DNS:localhost, IP Address:127.0.0.1`);
      expect((Date.parse(one.validTo) - Date.now()) / 86_400_000).toBeGreaterThan(730);
    }
  });
});
