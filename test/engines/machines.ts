// The distributed profile whole: two session-api, relays, projectors, on a real Kafka and PostgreSQL.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { AppProcess } from '../tools/stack/app-process.js';
import { repositoryRoot } from '../tools/repository.js';
import { LedgerView } from '../tools/target/ledger.js';
import { Target } from '../tools/target/target.js';
import { KafkaBroker } from './kafka.js';
import { Replicas } from './replicas.js';

export type Worker = 'relay' | 'projector';

export interface MachinesOptions {
  readonly workers: readonly Worker[];
  /** Of the topics keyed by account. */
  readonly partitions: number;
}

export class Machines {
  /** Those that were started and not killed by `kill`. */
  readonly workers: AppProcess[] = [];

  private constructor(
    readonly replicas: Replicas,
    readonly kafka: KafkaBroker,
    readonly partitions: number,
  ) {}

  static async start({ workers, partitions }: MachinesOptions): Promise<Machines> {
    const [replicas, kafka] = await Promise.all([Replicas.start(), KafkaBroker.start()]);
    const machines = new Machines(replicas, kafka, partitions);
    try {
      const main = join(repositoryRoot(), 'dist', 'apps', 'kafka-init', 'src', 'main.js');
      const words = [main, '--partitions', String(partitions), '--without-access'];
      const env = { ...process.env, SALLYPORT_KAFKA_BROKERS: kafka.brokers };
      execFileSync(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
      await Promise.all(workers.map((name) => machines.startWorker(name)));
      return machines;
    } catch (error) {
      await machines.dispose();
      throw error;
    }
  }

  get issuer(): string {
    return this.replicas.proxy.url;
  }

  get eventStoreUrl(): string {
    return this.replicas.env['SALLYPORT_EVENTSTORE_URL'] as string;
  }

  get postgresUrl(): string {
    return this.replicas.env['SALLYPORT_POSTGRES_URL'] as string;
  }

  /** The service, as tools take it. */
  get target(): Target {
    const { operator } = this.replicas;
    return new Target(this.issuer, '', { operator, ledger: LedgerView.at(this.eventStoreUrl) });
  }

  /** Resolves when it is ready. */
  async startWorker(name: Worker, more: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const { issuer, eventStoreUrl, postgresUrl, kafka } = this;
    const own: Readonly<Record<string, string>> = name === 'relay' ? { SALLYPORT_ISSUER: issuer } : {};
    const env = {
      SALLYPORT_EVENTSTORE_URL: eventStoreUrl,
      SALLYPORT_POSTGRES_URL: postgresUrl,
      SALLYPORT_KAFKA_BROKERS: kafka.brokers,
      SALLYPORT_LOG_LEVEL: 'warn',
      ...own,
      ...more,
    };
    const worker = await AppProcess.start(name, { env });
    this.workers.push(worker);
    await worker.untilReady();
    return worker;
  }

  /** One that runs. */
  some(name: Worker): AppProcess {
    const worker = this.workers.find((one) => one.name === name);
    if (worker === undefined) throw new Error(`no ${name} runs`);
    return worker;
  }

  /** `kill -9`. */
  async kill(worker: AppProcess): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1);
    await worker.kill9();
  }

  /** The processes that have ended though nobody ended them, with the end of what they wrote. */
  ended(): string[] {
    const all = [...this.workers, ...this.replicas.apps];
    return all.filter(({ hasEnded }) => hasEnded).map((app) => `${app.name}: ${app.output().slice(-500)}`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill9()));
    await Promise.all([this.replicas.dispose(), this.kafka.stop()]);
  }
}
