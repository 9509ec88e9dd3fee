// The deployment of docker-compose.yml on this machine, without Docker: its files, its secrets, a real Kafka
// and a real PostgreSQL set up as there, a double in place of KurrentDB, our processes, the entrance.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MemoryEventStore } from '@sallyport/testing';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaJars } from '../engines/kafka-jars.js';
import { freePorts, run, stopProcess } from '../engines/processes.js';
import { PostgresServer } from '../engines/postgres.js';
import { EventStoreDouble } from '../tools/eventstore-double/eventstore-double.js';
import { repositoryRoot } from '../tools/repository.js';
import { AppProcess } from '../tools/stack/app-process.js';
import { appOf, textOf } from './compose-file.js';
import { HandedOut } from './handed-out.js';

const startWithinMs = 60_000;

export class Deployment {
  readonly out = new HandedOut();
  readonly apps: AppProcess[] = [];
  postgres!: PostgresServer;
  private double!: EventStoreDouble;
  private kafka: ChildProcess | undefined;
  private entrance: ChildProcess | undefined;
  private ports!: { readonly kafka: number; readonly controller: number; readonly entrance: number };

  get issuer(): string {
    return `http://127.0.0.1:${this.ports.entrance}`;
  }

  get brokers(): string {
    return `127.0.0.1:${this.ports.kafka}`;
  }

  /** Starts the engines, and sets them up by the containers' own commands. */
  async startEngines(): Promise<void> {
    const [kafka = 0, controller = 0, entrance = 0] = await freePorts(3);
    this.ports = { kafka, controller, entrance };
    const store = new MemoryEventStore({ now: () => Date.now() });
    const certificate = this.out.secrets.certificates.servers.kurrentdb;
    this.double = await EventStoreDouble.start({ store, feed: store.feed, certificate });
    await Promise.all([this.startKafka(), this.startPostgres()]);
    for (const name of ['kafka-init', 'eventstore-init']) await this.runOnce(name);
  }

  /** A process of the service, with the settings that it has in its container but for addresses. */
  async start(name: string): Promise<AppProcess> {
    const app = await AppProcess.start(name, { env: this.environmentOf(name) });
    this.apps.push(app);
    await app.untilReady(startWithinMs);
    return app;
  }

  /** The entrance of the file, on this machine's ports. */
  async startEntrance(): Promise<void> {
    const sessions = this.apps.filter(({ name }) => name === 'session-api');
    const replicas = sessions.map(({ url }) => new URL(url).host);
    const config = entranceConfig(this.ports.entrance, replicas);
    const file = join(this.out.directory, 'haproxy.cfg');
    writeFileSync(file, config);
    this.entrance = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    await until(async () => (await fetch(`${this.issuer}/entrance`)).ok);
  }

  /** What the service has in its environment, on this machine. */
  environmentOf(name: string): Record<string, string> {
    const text = JSON.stringify(this.out.environmentOf(name))
      .replaceAll('@kurrentdb:2113', `@127.0.0.1:${this.double.port}`)
      .replaceAll('@postgres:5432', `@127.0.0.1:${this.postgres.port}`)
      .replaceAll('kafka:9092', this.brokers)
      .replaceAll('http://127.0.0.1:3000', this.issuer)
      .replaceAll('10.213.77.2', '127.0.0.1');
    const here = JSON.parse(text) as Record<string, string>;
    if (name === 'session-api') here['SALLYPORT_ADMIN_PORT'] = '0';
    if ('SALLYPORT_HOST' in here) here['SALLYPORT_HOST'] = '127.0.0.1';
    return { ...here, PORT: '0' };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.kill9()));
    for (const one of [this.entrance, this.kafka]) if (one !== undefined) await stopProcess(one, 'SIGKILL');
    await this.postgres?.dispose();
    await this.double?.stop();
    this.out.dispose();
  }

  private async runOnce(name: string): Promise<void> {
    const { PORT: _port, ...env } = this.environmentOf(name);
    const app = appOf(this.out.service(name)) ?? '';
    const main = join(repositoryRoot(), 'dist', 'apps', app, 'src', 'main.js');
    await promisify(execFile)(process.execPath, [main], { env: { PATH: process.env['PATH'], ...env } });
  }

  private async startKafka(): Promise<void> {
    const data = join(this.out.directory, 'kafka-data');
    const text = this.out.here('kafka', textOf('deploy', 'kafka', 'server.properties'));
    const properties = text
      .replaceAll(/0\.0\.0\.0:9092|kafka:9092/g, this.brokers)
      .replaceAll('127.0.0.1:9093', `127.0.0.1:${this.ports.controller}`)
      .replaceAll('/var/lib/kafka/data', data);
    const file = join(this.out.directory, 'server.properties');
    writeFileSync(file, `${properties}\ngroup.initial.rebalance.delay.ms=0\n`);
    const classes = ['-cp', join(await kafkaJars(), '*')];
    const [, id = ''] = /--cluster-id (\S+)/.exec(textOf('deploy', 'kafka', 'start.sh')) ?? [];
    const format = ['format', '--ignore-formatted', '--cluster-id', id, '--config', file];
    await run('java', [...classes, 'kafka.tools.StorageTool', ...format]);
    const log = openSync(join(this.out.directory, 'kafka.log'), 'a');
    const memory = ['-Xms128m', '-Xmx384m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
    this.kafka = spawn('java', [...memory, ...classes, 'kafka.Kafka', file], { stdio: ['ignore', log, log] });
    await until(() => this.asKafkaUser('admin', this.out.secrets.passwords['kafka-admin']));
  }

  /** Whether the broker lets somebody in with that password. */
  async asKafkaUser(username: string, password: string, ca?: string): Promise<boolean> {
    const kafka = new Kafka({
      brokers: [this.brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      ssl: { ca: [ca ?? this.out.secrets.certificates.authority] },
      sasl: { mechanism: 'plain', username, password },
    });
    const admin = kafka.admin();
    await admin.connect();
    await admin.disconnect();
    return true;
  }

  /** The cluster, the role and the rules of access of the folder `deploy/postgres`. */
  private async startPostgres(): Promise<void> {
    const folder = join(this.out.directory, 'postgres');
    const tls = { certificate: join(folder, 'server.crt'), key: join(folder, 'server.key') };
    this.postgres = await PostgresServer.start({ tls });
    await this.postgres.asAdmin((admin) => admin.query('DROP ROLE sallyport'));
    const script = join(this.out.directory, 'init.sh');
    writeFileSync(script, this.out.here('postgres', textOf('deploy', 'postgres', 'init.sh')));
    const { port, password } = new URL(this.postgres.adminUrl());
    const env = { PATH: process.env['PATH'], PGHOST: '127.0.0.1', PGPORT: port, PGPASSWORD: password };
    await promisify(execFile)('sh', [script], { env });
    await this.postgres.asAdmin(async (admin) => {
      const { rows } = await admin.query<{ data_directory: string }>('SHOW data_directory');
      const file = join(rows[0]?.data_directory ?? '', 'pg_hba.conf');
      writeFileSync(file, textOf('deploy', 'postgres', 'pg_hba.conf'));
      await admin.query('SELECT pg_reload_conf()');
    });
  }
}

/** The entrance's file with another port, and replicas at known addresses. */
export function entranceConfig(port: number, replicas: readonly string[]): string {
  const servers = replicas.map((address, at) => `server replica${at + 1} ${address}`).join('\n    ');
  return textOf('deploy', 'haproxy.cfg')
    .replace('bind :3000', `bind 127.0.0.1:${port}`)
    .replace('init-addr none resolvers docker resolve-prefer ipv4', 'init-addr none')
    .replace('init-addr none', 'init-addr libc')
    .replace('server-template replica 8 session-api:3000', servers);
}

/** Rejects with the last error when it takes too long. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    try {
      if (await holds()) return;
      if (performance.now() > deadline) throw new Error('it never held');
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(100);
  }
}
