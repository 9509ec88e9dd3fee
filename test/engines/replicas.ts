// Two replicas of the session API on one wire double of EventStoreDB and one PostgreSQL, behind one issuer.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDouble, type DoubleProcess } from '../tools/eventstore-double/process.js';
import { AppProcess } from '../tools/stack/app-process.js';
import { LoopbackProxy } from '../tools/stack/proxy.js';
import { Operator } from '../tools/target/operator.js';
import { PostgresServer } from './postgres.js';

interface Engines {
  readonly directory: string;
  readonly postgres: PostgresServer;
  readonly double: DoubleProcess;
  readonly proxy: LoopbackProxy;
}

export class Replicas {
  readonly operator: Operator;

  private double: DoubleProcess;

  private constructor(
    private readonly engines: Engines,
    readonly env: Readonly<Record<string, string>>,
    readonly apps: AppProcess[],
  ) {
    this.double = engines.double;
    const { adminUrl = '' } = apps[0] as AppProcess;
    this.operator = Operator.at(adminUrl, this.credentialFile);
  }

  get postgres(): PostgresServer {
    return this.engines.postgres;
  }

  get proxy(): LoopbackProxy {
    return this.engines.proxy;
  }

  static async start(): Promise<Replicas> {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-replicas-'));
    const [postgres, double, proxy] = await Promise.all([
      PostgresServer.start(),
      startDouble({ dataDir: directory, synchronous: 'OFF' }),
      LoopbackProxy.start(),
    ]);
    const keyFile = join(directory, 'master.key');
    writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    const env = {
      SALLYPORT_ISSUER: proxy.url,
      SALLYPORT_MASTER_KEY_FILE: keyFile,
      SALLYPORT_EVENTSTORE_URL: double.url,
      SALLYPORT_POSTGRES_URL: await postgres.createDatabase(),
      SALLYPORT_ADMIN_PORT: '0',
      SALLYPORT_ADMIN_CREDENTIAL_FILE: join(directory, 'credential'),
      SALLYPORT_TRUSTED_PROXIES: '127.0.0.1/32',
      SALLYPORT_LOG_LEVEL: 'warn',
    };
    const start = () => AppProcess.start('session-api', { env });
    const apps = await Promise.all([start(), start()]);
    await Promise.all(apps.map((app) => app.untilReady()));
    const replicas = new Replicas({ directory, postgres, double, proxy }, env, apps);
    replicas.useAll();
    return replicas;
  }

  get credentialFile(): string {
    return join(this.engines.directory, 'credential');
  }

  /** The issuer is this replica alone. */
  use(index: number): void {
    this.proxy.replicas = [this.apps[index]?.url ?? ''];
  }

  useAll(): void {
    this.proxy.replicas = this.apps.map(({ url }) => url);
  }

  /** Of the event store. */
  get eventStorePid(): number {
    return this.double.process.pid as number;
  }

  async stopEventStore(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.double.stop(signal);
  }

  async startEventStore(): Promise<void> {
    const port = Number(new URL(this.double.url.replace('esdb:', 'http:')).port);
    this.double = await startDouble({ dataDir: this.engines.directory, port, synchronous: 'OFF' });
  }

  async dispose(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.kill9()));
    await Promise.all([this.proxy.stop(), this.double.stop(), this.postgres.dispose()]);
    rmSync(this.engines.directory, { recursive: true, force: true });
  }
}
