// What the rules need of several machines, and nothing else, on this one: a real Kafka and PostgreSQL, a wire
// double of EventStoreDB, one relay, and any number of processes of the rules.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  EventStoreDbConnection,
  EventStoreDbEventStore,
  EventStoreDbFeed,
} from '@sallyport/adapter-eventstoredb';
import { KafkaBus } from '@sallyport/adapter-kafka';
import { parsePostgresUrl, PostgresStores } from '@sallyport/adapter-postgres';
import { SqliteEventStore, SqliteFeed } from '@sallyport/adapter-sqlite';
import { isEngineError } from '@sallyport/engine';
import type { Append, Appended, EventStore, RecordedEvent } from '@sallyport/engine';
import { RulesProgress } from '@sallyport/feature-anomaly';
import { KafkaBroker } from '../engines/kafka.js';
import { PostgresServer } from '../engines/postgres.js';
import { EventStoreDouble } from './eventstore-double/eventstore-double.js';
import { Injection } from './eventstore-double/injection.js';
import { startDouble, type DoubleProcess } from './eventstore-double/process.js';
import { repositoryRoot } from './repository.js';
import { AppProcess } from './stack/app-process.js';

interface Engines {
  readonly directory: string;
  readonly kafka: KafkaBroker;
  readonly postgres: PostgresServer;
  readonly double: Pick<DoubleProcess, 'url' | 'stop'>;
  /** The double, where it is in this process. */
  readonly here: EventStoreDouble | undefined;
}

interface Opened {
  readonly connection: EventStoreDbConnection;
  readonly stores: PostgresStores;
}

export interface RulesStackOptions {
  readonly partitions: number;
  /** Processes of the rules. */
  readonly anomalies: number;
  /** The double is in this process, and events can be injected into it. */
  readonly injecting?: boolean;
}

const issuer = 'http://127.0.0.1:3000';
const pageSize = 1_000;
const clock = { now: () => Date.now() };

export class RulesStack {
  readonly anomalies: AppProcess[] = [];
  readonly store: EventStoreDbEventStore;
  readonly feed: EventStoreDbFeed;
  readonly bus: KafkaBus;
  private relay: AppProcess | undefined;
  private readonly progress: RulesProgress;

  private constructor(
    private readonly engines: Engines,
    private readonly opened: Opened,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    this.store = new EventStoreDbEventStore(opened.connection);
    this.feed = new EventStoreDbFeed(opened.connection);
    this.bus = new KafkaBus({ brokers: engines.kafka.brokers, clientId: 'test', log: () => undefined });
    const { consumers: checkpoints, views } = opened.stores;
    this.progress = new RulesProgress({ checkpoints, feed: this.feed, views });
  }

  /** Rejects with what did not start; then all that did is ended. */
  static async start({ partitions, anomalies, injecting }: RulesStackOptions): Promise<RulesStack> {
    const engines = await startEngines(injecting === true);
    try {
      const stack = await RulesStack.open(engines, partitions);
      const starting = async (): Promise<void> => {
        await stack.startRelay();
        for (let count = 0; count < anomalies; count += 1) await stack.startAnomaly();
      };
      await starting().catch(async (error: unknown) => {
        await stack.disconnect();
        throw error;
      });
      return stack;
    } catch (error) {
      await endEngines(engines);
      throw error;
    }
  }

  private static async open(engines: Engines, partitions: number): Promise<RulesStack> {
    const { kafka, postgres, double } = engines;
    const url = await postgres.createDatabase();
    const env = {
      SALLYPORT_EVENTSTORE_URL: double.url,
      SALLYPORT_POSTGRES_URL: url,
      SALLYPORT_KAFKA_BROKERS: kafka.brokers,
      SALLYPORT_LOG_LEVEL: 'warn',
    };
    const init = join(repositoryRoot(), 'dist', 'apps', 'kafka-init', 'src', 'main.js');
    const words = [init, '--partitions', String(partitions), '--without-access'];
    const brokers = { ...process.env, SALLYPORT_KAFKA_BROKERS: kafka.brokers };
    execFileSync(process.execPath, words, { env: brokers, stdio: ['ignore', 'ignore', 'pipe'] });
    const { settings } = parsePostgresUrl(url);
    if (settings === undefined) throw new Error('not the address of a database');
    const stores = await PostgresStores.open(settings);
    const connection = EventStoreDbConnection.to({ url: double.url, clock });
    return new RulesStack(engines, { connection, stores }, env);
  }

  /** Appends of one stream follow one another here, however they are called, and are done when they resolve:
   * on a machine with much to do an answer may be late. */
  get inTurn(): EventStore {
    const lines = new Map<string, Promise<unknown>>();
    const { store } = this;
    const append = (wanted: Append): Promise<Appended> => {
      const before = lines.get(wanted.stream) ?? Promise.resolve();
      const appended = before.then(() => appendSurely(store, wanted));
      lines.set(wanted.stream, appended.catch(() => undefined));
      return appended;
    };
    return Object.assign(Object.create(store) as EventStore, { append });
  }

  /** Where it was started for that: appends past the wire. */
  get injection(): EventStore {
    if (this.engines.here === undefined) throw new Error('the double is in a process of its own');
    return new Injection(this.engines.here, this.opened.connection.prefix);
  }

  get views(): PostgresStores['views'] {
    return this.opened.stores.views;
  }

  async startAnomaly(): Promise<AppProcess> {
    const app = await AppProcess.start('anomaly', { env: this.env });
    this.anomalies.push(app);
    await app.untilReady(60_000);
    return app;
  }

  async startRelay(): Promise<void> {
    this.relay = await AppProcess.start('relay', { env: { ...this.env, SALLYPORT_ISSUER: issuer } });
    await this.relay.untilReady(60_000);
  }

  async stopRelay(): Promise<void> {
    await this.relay?.stop();
  }

  /** The whole ledger. */
  async ledger(): Promise<RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for (;;) {
      const events = await this.feed.read(all.at(-1)?.position ?? null, pageSize);
      if (events.length === 0) return all;
      all.push(...events);
    }
  }

  /** Resolves when all events are judged, and nothing more comes of them. */
  async untilJudged(withinMs = 90_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (let before = ''; ; ) {
      const head = (await this.feed.head()) ?? '0';
      const position = await this.progress.position();
      const isThere = position !== null && BigInt(position) >= BigInt(head);
      if (isThere && head === before) return;
      if (performance.now() > deadline) throw new Error(`judged up to ${position} of ${head}`);
      before = isThere ? head : '';
      await sleep(isThere ? 400 : 50);
    }
  }

  /** A number of the metrics of all processes of the rules that run. */
  async metric(name: string): Promise<number> {
    const running = this.anomalies.filter((app) => !app.hasEnded);
    const texts = await Promise.all(running.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    const lines = texts.flatMap((text) => text.split('\n').filter((line) => line.startsWith(`${name} `)));
    return lines.reduce((sum, line) => sum + Number(line.slice(name.length)), 0);
  }

  async dispose(): Promise<void> {
    await this.disconnect();
    await endEngines(this.engines);
  }

  private async disconnect(): Promise<void> {
    await Promise.all([...this.anomalies, this.relay].map((app) => app?.kill9()));
    await this.bus.close();
    this.feed.close();
    await this.opened.connection.close();
    await this.opened.stores.close();
  }
}

async function startEngines(injecting: boolean): Promise<Engines> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-rules-'));
  const [kafka, postgres, doubled] = await Promise.all([
    KafkaBroker.start({ forLoad: true }),
    PostgresServer.start(),
    injecting ? startHere(directory) : startElsewhere(directory),
  ]);
  return { directory, kafka, postgres, ...doubled };
}

type Doubled = Pick<Engines, 'double' | 'here'>;

async function startElsewhere(dataDir: string): Promise<Doubled> {
  return { double: await startDouble({ dataDir, synchronous: 'OFF' }), here: undefined };
}

async function startHere(directory: string): Promise<Doubled> {
  const file = join(directory, 'wire-double.sqlite');
  const store = SqliteEventStore.open({ file, clock, synchronous: 'OFF' });
  const here = await EventStoreDouble.start({ store, feed: SqliteFeed.of(store) });
  const stop = async (): Promise<void> => {
    await here.stop();
    await store.close();
  };
  return { double: { url: here.url, stop }, here };
}

async function endEngines({ kafka, postgres, double, directory }: Engines): Promise<void> {
  await Promise.all([kafka.stop(), postgres.dispose(), double.stop()]);
  rmSync(directory, { recursive: true, force: true });
}

/** Again until it is known to be in the store, once. */
async function appendSurely(store: EventStore, wanted: Append): Promise<Appended> {
  const id = wanted.events.at(-1)?.id;
  for (let isAgain = false; ; isAgain = true) {
    try {
      const [last] = isAgain ? await store.readBack(wanted.stream, 1) : [];
      return last?.id === id && last !== undefined ? last : await store.append(wanted);
    } catch (error) {
      if (!isEngineError(error, 'outcome_unknown', 'store_unavailable', 'queue_full')) throw error;
      await sleep(200);
    }
  }
}
