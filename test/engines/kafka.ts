// A real Kafka broker for tests and tools: KRaft, one node, from Maven artefacts, on free loopback ports.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaJars } from './kafka-jars.js';
import { freePorts, run, stopProcess } from './processes.js';

export interface KafkaOptions {
  /** Where its data and its log are kept; a new folder, removed at the stop, by default. */
  readonly dataDir?: string;
  /** Port for clients; a free one by default. */
  readonly port?: number;
  /** Names and passwords (SASL PLAIN), with ACLs enforced; `admin` is the super user. Open to all without. */
  readonly users?: Readonly<Record<string, string>>;
  /** Files in PEM, the certificate and then its key: for each a listener of its own that speaks TLS. */
  readonly certificates?: readonly string[];
  /** More lines for server.properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** It is loaded for long: compiled and collected, and with the heap, as Kafka's own start script has it. */
  readonly forLoad?: boolean;
}

/** A broker that lives for seconds is up in half the processor time. */
const forSeconds = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const smallHeap = ['-Xms128m', '-Xmx384m'];
/** Of bin/kafka-server-start.sh and bin/kafka-run-class.sh. */
const collected = '-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35';
const asDelivered = ['-Xms1G', '-Xmx1G', ...collected.split(' ')];

const startLimitMs = 60_000;

export class KafkaBroker {
  private process: ChildProcess | undefined;

  /** `host:port`. */
  readonly brokers: string;
  /** The same over TLS, by certificate. */
  readonly encrypted: readonly string[];

  private constructor(
    readonly dataDir: string,
    private readonly options: KafkaOptions,
    { port, encrypted }: Pick<Layout, 'port' | 'encrypted'>,
  ) {
    this.brokers = `127.0.0.1:${port}`;
    this.encrypted = encrypted;
  }

  /** Fetches the artefacts where they are not cached, formats new data; resolves once it serves. */
  static async start(options: KafkaOptions = {}): Promise<KafkaBroker> {
    const { certificates = [] } = options;
    const [client, controller, ...secure] = await freePorts(2 + certificates.length);
    const port = options.port ?? (client as number);
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sallyport-kafka-'));
    mkdirSync(dataDir, { recursive: true });
    const encrypted = secure.map((one) => `127.0.0.1:${one}`);
    const layout = { ...options, port, controller: controller as number, encrypted, dataDir };
    const broker = new KafkaBroker(dataDir, options, layout);
    const lines = serverProperties(layout);
    writeFileSync(broker.file('server.properties'), `${lines.join('\n')}\n`);
    const uuid = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    // In one word: an id may begin with a dash.
    const cluster = `--cluster-id=${uuid}`;
    const format = ['format', '--ignore-formatted', cluster, '-c', broker.file('server.properties')];
    await run('java', [...forSeconds, '-cp', await classPath(), 'kafka.tools.StorageTool', ...format]);
    await broker.startAgain();
    return broker;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Starts it on the data and the ports it had. */
  async startAgain(): Promise<void> {
    const log = openSync(this.file('kafka.log'), 'a');
    const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
    const main = ['-cp', await classPath(), 'kafka.Kafka', this.file('server.properties')];
    const machine = this.options.forLoad === true ? asDelivered : [...forSeconds, ...smallHeap];
    this.process = spawn('java', [...machine, quiet, ...main], { stdio: ['ignore', log, log] });
    await this.serves();
  }

  /** Ends the process, by its id, and keeps the data; `SIGKILL` for a crash. */
  async halt(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const running = this.process;
    this.process = undefined;
    if (running !== undefined) await stopProcess(running, signal);
  }

  /** Ends the process; removes its folder where it was made here. */
  async stop(): Promise<void> {
    const isOwnFolder = this.options.dataDir === undefined;
    await this.halt(isOwnFolder ? 'SIGKILL' : 'SIGTERM');
    if (isOwnFolder) rmSync(this.dataDir, { recursive: true, force: true });
  }

  private file(name: string): string {
    return join(this.dataDir, name);
  }

  private async serves(): Promise<void> {
    const password = this.options.users?.['admin'];
    const sasl = { mechanism: 'plain', username: 'admin', password: password ?? '' } as const;
    const kafka = new Kafka({
      brokers: [this.brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      ...(password === undefined ? {} : { sasl }),
    });
    const deadline = performance.now() + startLimitMs;
    while (performance.now() < deadline) {
      const admin = kafka.admin();
      const answers = await admin.connect().then(
        () => admin.describeCluster().then(({ brokers }) => brokers.length > 0),
        () => false,
      ).catch(() => false);
      await admin.disconnect().catch(() => undefined);
      if (answers) return;
      if (this.process?.exitCode !== null) break;
      await sleep(100);
    }
    await this.halt('SIGKILL');
    const log = readFileSync(this.file('kafka.log'), 'utf8');
    throw new Error(`Kafka did not start; it wrote:\n${log.slice(-2000)}`);
  }
}

async function classPath(): Promise<string> {
  return join(await kafkaJars(), '*');
}

interface Layout extends KafkaOptions {
  readonly port: number;
  readonly controller: number;
  readonly encrypted: readonly string[];
  readonly dataDir: string;
}

function serverProperties({ port, controller, dataDir, users, properties = {}, ...tls }: Layout): string[] {
  const encrypted = tls.encrypted.map((at, index) => `TLS${index}://${at}`);
  const listeners = [`CLIENT://127.0.0.1:${port}`, ...encrypted];
  const secured = tls.encrypted.map((_, index) => `,TLS${index}:SSL`).join('');
  const protocol = users === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT';
  const single = ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'];
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=${listeners.join()},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=${listeners.join()}`,
    'inter.broker.listener.name=CLIENT',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENT:${protocol}${secured}`,
    ...(tls.certificates ?? []).flatMap(keyStore),
    `log.dirs=${join(dataDir, 'log')}`,
    ...single.flatMap((topic) => [`${topic}.replication.factor=1`, `${topic}.min.isr=1`]),
    'offsets.topic.num.partitions=4',
    'transaction.state.log.num.partitions=4',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    ...(users === undefined ? [] : accessControl(users)),
    ...Object.entries(properties).map(([name, value]) => `${name}=${value}`),
  ];
}

function keyStore(file: string, index: number): string[] {
  const of = `listener.name.tls${index}.ssl.keystore`;
  return [`${of}.type=PEM`, `${of}.location=${file}`];
}

function accessControl(users: Readonly<Record<string, string>>): string[] {
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const own = `username="admin" password="${users['admin'] ?? ''}"`;
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  return [
    'sasl.enabled.mechanisms=PLAIN',
    'sasl.mechanism.inter.broker.protocol=PLAIN',
    `listener.name.client.plain.sasl.jaas.config=${login} ${own} ${known.join(' ')};`,
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:admin;User:ANONYMOUS',
  ];
}
