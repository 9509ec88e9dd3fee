// What docker-compose.yml describes, run without Docker: people sign in through the entrance, each process is
// who it says, nobody else gets in, and every figure that is watched is there.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busTopics, KafkaBus } from '@sallyport/adapter-kafka';
import { builtApp, exampleRecord } from '@sallyport/testing';
import { Client } from 'pg';
import { parse } from 'yaml';
import { makeCertificates } from '../../apps/secrets-init/src/secrets.js';
import { App, demoPhone, discover, newDeviceKey, newId } from '../tools/client/index.js';
import { Operator } from '../tools/target/operator.js';
import { textOf } from './compose-file.js';
import { Deployment, until } from './deployment.js';
import { mentioned } from './promql.js';

let deployment: Deployment;
let app: App;

beforeAll(async () => {
  deployment = new Deployment();
  await deployment.startEngines();
  for (const name of ['session-api', 'session-api', 'relay', 'projector', 'anomaly']) {
    await deployment.start(name);
  }
  await deployment.startEntrance();
}, 240_000);
afterAll(() => deployment?.dispose(), 60_000);

function busOf(role: 'relay' | 'projector'): KafkaBus {
  const password = deployment.out.secrets.passwords[`kafka-${role}`];
  const sasl = { username: `sallyport-${role}`, password };
  const ssl = { ca: [deployment.out.secrets.certificates.authority] };
  return new KafkaBus({ brokers: deployment.brokers, clientId: role, sasl, ssl });
}

describe('the deployment', () => {
  it('signs people in through the entrance, and shows them their sessions', async () => {
    const { adminUrl = '' } = deployment.apps[0] ?? {};
    const { SALLYPORT_ADMIN_CREDENTIAL_FILE: file = '' } = deployment.environmentOf('session-api');
    const person = { username: `${newId().toLowerCase()}@example.org`, password: `correct ${newId()}` };
    await Operator.at(adminUrl, file).openAccount(person);
    const as = await discover(deployment.issuer);
    app = new App({ as, registration: demoPhone, key: await newDeviceKey() });
    await app.signIn(person);
    for (let times = 0; times < 6; times += 1) await app.refresh();
    await until(async () => {
      const { body } = await app.call('GET', `/v1/sessions?after=${app.network.position ?? '0'}`);
      return body['behind'] === undefined && Array.isArray(body['sessions']) && body['sessions'].length === 1;
    });
  }, 120_000);

  it('lets operators in by the file beside its credential', () => {
    const { adminUrl = '' } = deployment.apps[0] ?? {};
    const folder = join(deployment.out.directory, 'session-api');
    const file = join(folder, 'admin.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('http://127.0.0.1:3001', adminUrl));
    const words = [builtApp('admin'), 'keys', 'list', '--data-dir', folder, '--json'];
    const env = { ...process.env, NODE_OPTIONS: '' };
    const answer = execFileSync(process.execPath, words, { encoding: 'utf8', env });
    expect(answer).toContain('refresh');
  });

  it('keeps metrics, health and operators inside', async () => {
    for (const path of ['/metrics', '/health/ready', '/health/live', '/admin/accounts', '/', '/v1']) {
      expect((await fetch(`${deployment.issuer}${path}`)).status).toBe(404);
    }
  });

  it('lets the relay alone write events, and in those alone who know password and authority', async () => {
    const [relay, projector] = [busOf('relay'), busOf('projector')];
    const records = [exampleRecord(busTopics.events, 'a')];
    await expect(projector.write(records)).rejects.toMatchObject({ name: 'EngineError' });
    const intruder = projector.publisher({ name: 'sallyport-relay', transactionTimeoutMs: 10_000 });
    await expect(intruder.open()).rejects.toMatchObject({ code: 'bus_unavailable' });
    await intruder.close();
    await Promise.all([relay.close(), projector.close()]);
    const { passwords } = deployment.out.secrets;
    await expect(deployment.asKafkaUser('sallyport-relay', passwords['kafka-reader'])).rejects.toThrow();
    const { authority } = makeCertificates(Date.now());
    const asked = deployment.asKafkaUser('admin', passwords['kafka-admin'], authority);
    await expect(asked).rejects.toThrow();
  }, 60_000);

  it('lets the service alone into its database, encrypted', async () => {
    const url = new URL(deployment.environmentOf('relay')['SALLYPORT_POSTGRES_URL'] ?? '');
    const outcome = async (change: (url: URL) => void): Promise<string> => {
      const changed = new URL(url);
      changed.search = '';
      changed.searchParams.set('sslmode', 'no-verify');
      change(changed);
      const client = new Client({ connectionString: changed.href });
      return client.connect().then(
        () => client.end().then(() => 'in'),
        (error: { code?: string }) => error.code ?? 'refused',
      );
    };
    expect(await outcome(() => undefined)).toBe('in');
    expect(await outcome((one) => one.searchParams.set('sslmode', 'disable'))).toBe('28000');
    expect(await outcome((one) => (one.pathname = '/postgres'))).toBe('28000');
    expect(await outcome((one) => (one.username = 'postgres'))).toBe('28000');
    expect(await outcome((one) => (one.password = 'wrong'))).toBe('28P01');
  });

  it('has every figure that alerts and dashboard ask for', async () => {
    const asked = deployment.apps.map(async ({ url }) => (await fetch(`${url}/metrics`)).text());
    const pages = await Promise.all(asked);
    const has = new Set([...pages.join('\n').matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
    const names = askedExpressions().flatMap((text) => mentioned(text).metrics);
    const bare = names.map((name) => (has.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')));
    const elsewhere = /^(up|ALERTS)$/;
    const missing = [...new Set(bare)].filter((name) => !has.has(name) && !elsewhere.test(name));
    expect(missing).toEqual([]);
  });

  it('writes no secret to its logs', () => {
    const { passwords, masterKey, operators } = deployment.out.secrets;
    const written = deployment.apps.map((one) => one.output()).join('\n');
    const broker = readFileSync(`${deployment.out.directory}/kafka.log`, 'utf8');
    for (const secret of [...Object.values(passwords), masterKey, operators]) {
      expect(written.includes(secret) || broker.includes(secret)).toBe(false);
    }
  });
});

function askedExpressions(): string[] {
  const { groups } = parse(textOf('deploy', 'prometheus', 'alerts.yml')) as {
    groups: { rules: { expr: string }[] }[];
  };
  const { panels } = JSON.parse(textOf('deploy', 'grafana', 'dashboards', 'sallyport.json')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules);
  return [...alerts, ...panels.flatMap(({ targets = [] }) => targets)].map(({ expr }) => expr);
}
