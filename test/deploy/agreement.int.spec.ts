// Names, ports and paths that stand in several files agree: settings, certificates, engines, entrance.
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { settingDescriptions as ofSessionApi } from '../../apps/session-api/src/config.js';
import { servers } from '../../apps/secrets-init/src/secrets.js';
import { appOf, isOneShot, textOf } from './compose-file.js';
import { HandedOut, mountedAt } from './handed-out.js';

const out = new HandedOut();
afterAll(() => out.dispose());
const { services } = out;
const isOurs = ([name, one]: [string, { build?: object }]) => one.build !== undefined && name !== 'secrets';
const ours = Object.entries(services).filter(isOurs).map(([name]) => name);

interface ConfigModule {
  readConfig?(environment: object): { readonly mistakes?: readonly string[] };
  surroundings?(environment: object): object | readonly string[];
}

/** What the app says of that environment; every name that it does not know is a mistake. */
async function mistakesOf(name: string, environment: object): Promise<readonly string[]> {
  const app = appOf(out.service(name));
  const { readConfig, surroundings } = (await import(`../../apps/${app}/src/config.js`)) as ConfigModule;
  if (readConfig !== undefined) return readConfig(environment).mistakes ?? [];
  const read = surroundings?.(environment) ?? ['no config'];
  return Array.isArray(read) ? (read as string[]) : [];
}

describe('each of our processes', () => {
  it.each(ours)('%s understands all of its settings, and lacks none', async (name) => {
    expect(await mistakesOf(name, out.environmentOf(name))).toEqual([]);
  });

  it.each(ours)('%s finds the files that it is told of', (name) => {
    const text = JSON.stringify([services[name]?.environment, services[name]?.command]);
    const named = [...text.matchAll(/\/run\/secrets\/sallyport\/([\w./-]+)/g)].map(([, path]) => path);
    const has = out.pathsOf(out.folderOf(name));
    for (const path of named) expect(has).toContain(path);
  });

  it.each(ours)('%s is started by a script that tests use', (name) => {
    const app = appOf(out.service(name)) ?? '';
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const script = app.endsWith('-init') ? app.replace('-init', ':init') : `start:${app}`;
    expect(scripts[script]).toMatch(new RegExp(`apps/${app}/`));
  });

  it('would be seen to have a setting that it does not know, or to lack one', async () => {
    const { SALLYPORT_POSTGRES_URL: _lost, ...rest } = out.environmentOf('relay');
    expect(await mistakesOf('relay', rest)).toHaveLength(1);
    const misspelt = { ...out.environmentOf('relay'), SALLYPORT_KAFKA_BROKER: 'x' };
    expect(await mistakesOf('relay', misspelt)).toHaveLength(1);
  });
});

describe('the engines', () => {
  it('are reached by names that their certificates have', () => {
    const told = ours.map((name) => JSON.stringify({ ...services[name], ...out.environmentOf(name) })).join();
    const urls = [...told.matchAll(/(?:esdb|postgres):\/\/[^@]+@([\w-]+):/g)].map(([, host = '']) => host);
    const brokers = [...told.matchAll(/"SALLYPORT_KAFKA_BROKERS":"([\w-]+):/g)].map(([, host = '']) => host);
    expect(new Set([...urls, ...brokers])).toEqual(new Set(servers));
    for (const server of servers) expect(Object.keys(services)).toContain(server);
  });

  it('have the broker where its clients look for it, encrypted and with a password', () => {
    const properties = textOf('deploy', 'kafka', 'server.properties');
    expect(services['relay']?.environment?.['SALLYPORT_KAFKA_BROKERS']).toBe('kafka:9092');
    expect(properties).toContain('advertised.listeners=CLIENT://kafka:9092\n');
    expect(properties).toContain('CONTROLLER://127.0.0.1:');
    expect(properties).toMatch(/security\.protocol\.map=.*CLIENT:SASL_SSL/);
    const paths = [...properties.matchAll(/\/run\/secrets\/sallyport\/([\w.]+)/g)].map(([, path]) => path);
    expect(out.pathsOf('kafka')).toEqual(expect.arrayContaining([...paths, 'jaas']));
  });

  it.each(['kurrentdb', 'postgres', 'grafana'])('let %s find its secrets', (name) => {
    const folder = join('deploy', name);
    const scripts = name === 'grafana' ? [] : [textOf(folder, 'start.sh')];
    const init = name === 'postgres' ? [textOf(folder, 'init.sh')] : [];
    const all = [JSON.stringify(services[name]), ...scripts, ...init].join('\n');
    const text = all.replaceAll('$secrets', mountedAt);
    const named = [...text.matchAll(/\/run\/secrets\/sallyport\/([\w./-]+)/g)].map(([, path]) => path);
    expect(named.length).toBeGreaterThan(0);
    for (const path of named) expect([...out.pathsOf(name), 'authority']).toContain(path);
  });

  it('let the database take the role, the database and the encryption that the service asks for', () => {
    const { username, pathname } = new URL(out.environmentOf('relay')['SALLYPORT_POSTGRES_URL'] ?? '');
    const who = `${pathname.slice(1)} +${username}`;
    const rule = new RegExp(`^hostssl +${who} +0\\.0\\.0\\.0/0 +scram-sha-256$`, 'm');
    const access = textOf('deploy', 'postgres', 'pg_hba.conf');
    expect(access).toMatch(rule);
    expect(access).not.toMatch(/^host |trust|md5/m);
    expect(textOf('deploy', 'postgres', 'init.sh')).toContain(`CREATE ROLE ${username} LOGIN`);
  });
});

describe('the entrance', () => {
  const entrance = services['entrance'];
  const sessions = services['session-api'];
  const proxy = textOf('deploy', 'haproxy.cfg');

  it('is the issuer', () => {
    const issuer = sessions?.environment?.['SALLYPORT_ISSUER'] ?? '';
    expect(services['relay']?.environment?.['SALLYPORT_ISSUER']).toBe(issuer);
    const [, bound] = /bind :(\d+)/.exec(proxy) ?? [];
    expect(entrance?.ports).toEqual([`${issuer.replace('http://', '')}:${bound}`]);
    const access = out.files.find(({ path }) => path === 'admin.json');
    const port = ofSessionApi.find(({ name }) => name === 'SALLYPORT_ADMIN_PORT')?.default;
    const address = `http://127.0.0.1:${port}`;
    expect(JSON.parse(access?.text ?? '{}')).toMatchObject({ issuer, address });
  });

  it('is believed by session-api on where a request came from, and nobody else is', () => {
    const networks = entrance?.networks as Record<string, { ipv4_address?: string }>;
    const address = networks['front']?.ipv4_address ?? '';
    expect(isIPv4(address)).toBe(true);
    expect(sessions?.environment?.['SALLYPORT_TRUSTED_PROXIES']).toBe(address);
    expect(proxy).toContain('http-request set-header X-Forwarded-For %[src]');
  });

  it('passes what the documentation says, and asks for the readiness that there is', () => {
    const readme = textOf('README.md').replace(/\n/g, ' ');
    const [, told = ''] = /Let the proxy pass (.*?), and keep/.exec(readme) ?? [];
    const paths = [...told.matchAll(/`([^`]+)`/g)].map(([, path]) => path);
    const lists = [...proxy.matchAll(/acl public path(?:_beg)? (.*)/g)];
    const passed = lists.flatMap(([, list = '']) => list.split(' '));
    expect(passed.sort()).toEqual([...paths].sort());
    expect(proxy).toContain('option httpchk GET /health/ready');
    expect(proxy).toContain('server-template replica 8 session-api:3000');
    expect(isOneShot(out.service('session-api'))).toBe(false);
  });
});
