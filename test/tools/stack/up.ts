// Starts the stack: engines first, then their topics and access, then two of each app, then the issuer.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaBroker } from '../../engines/kafka.js';
import { PostgresServer } from '../../engines/postgres.js';
import { freePort } from '../../engines/processes.js';
import { repositoryRoot } from '../repository.js';
import { AppProcess } from './app-process.js';
import type { StackFile, StackProcess } from './stack-file.js';

export interface UpOptions {
  /** Port of the issuer; a free one by default. */
  readonly port?: number;
  /** Processes of each app. */
  readonly replicas: number;
  readonly partitions: number;
  say(text: string): void;
}

type Settings = Readonly<Record<string, string>>;

const apps = ['relay', 'projector', 'anomaly', 'session-api'] as const;

export async function up(file: StackFile, options: UpOptions): Promise<void> {
  const { say } = options;
  mkdirSync(file.directory, { recursive: true, mode: 0o700 });
  const engines = await startEngines(file, say);
  await initialise(engines, options);
  const port = options.port ?? (await freePort());
  const issuer = `http://127.0.0.1:${port}`;
  const settings = { ...engines, ...secrets(file.directory), SALLYPORT_ISSUER: issuer };
  const started: AppProcess[] = [];
  for (const app of apps) {
    for (let replica = 1; replica <= options.replicas; replica += 1) {
      say(`${app} ${replica}`);
      started.push(await startApp(file, { app, replica, settings }));
    }
  }
  for (const app of started) await app.untilReady(60_000);
  const sessions = started.filter(({ name }) => name === 'session-api');
  say('the proxy that is the issuer');
  await startProxy(file, port, sessions.map(({ url }) => url));
  file.add({
    issuer,
    adminUrl: sessions[0]?.adminUrl,
    credentialFile: settings.SALLYPORT_ADMIN_CREDENTIAL_FILE,
  });
}

async function startEngines(file: StackFile, say: (text: string) => void): Promise<Settings> {
  say('Kafka (a real one, from Maven artefacts)');
  const kafka = await KafkaBroker.start({ dataDir: join(file.directory, 'kafka'), forLoad: true });
  file.add({ kafkaBrokers: kafka.brokers, processes: [entry('kafka', kafka.pid, 'kafka.Kafka')] });
  say('PostgreSQL (a real one, as installed)');
  const postgres = await PostgresServer.start();
  file.add({ postgres: postgres.directory });
  const postgresUrl = await postgres.createDatabase();
  file.add({ postgresUrl });
  say('EventStoreDB: a wire double, for tests only');
  const eventStoreUrl = await startDouble(file);
  file.add({ eventStoreUrl });
  return {
    SALLYPORT_KAFKA_BROKERS: kafka.brokers,
    SALLYPORT_POSTGRES_URL: postgresUrl,
    SALLYPORT_EVENTSTORE_URL: eventStoreUrl,
  };
}

async function startDouble(file: StackFile): Promise<string> {
  const port = await freePort();
  const clock = ['--clock-file', clockFileOf(file.directory)];
  const words = ['--data-dir', join(file.directory, 'eventstore-double'), '--port', String(port), ...clock];
  const script = join('test', 'tools', 'eventstore-double', 'main.js');
  await startScript(file, { name: 'eventstore-double', script, words, ready: /at esdb:/ });
  return `esdb://127.0.0.1:${port}?tls=false`;
}

async function startProxy(file: StackFile, port: number, replicas: readonly string[]): Promise<void> {
  const script = join('test', 'tools', 'stack', 'proxy-main.js');
  const words = [String(port), ...replicas];
  await startScript(file, { name: 'proxy', script, words, ready: /port +\d+/ });
}

interface Script {
  readonly name: string;
  /** Below the build output. */
  readonly script: string;
  readonly words: readonly string[];
  readonly ready: RegExp;
}

/** Resolves when it has said that it is ready. */
async function startScript(file: StackFile, { name, script, words, ready }: Script): Promise<void> {
  const path = join(repositoryRoot(), 'dist', script);
  const log = openSync(join(file.directory, `${name}.log`), 'a', 0o600);
  const child = spawn(process.execPath, [path, ...words], { stdio: ['ignore', 'pipe', log], detached: true });
  file.add({ processes: [entry(name, child.pid, script)] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (ready.test(said)) resolve();
    });
    child.once('exit', () => reject(new Error(`${name} ended; see ${name}.log`)));
  });
}

/** Topics and users by the commands that operators use; neither engine asks who calls here. */
async function initialise(settings: Settings, { say, partitions }: UpOptions): Promise<void> {
  say('topics (kafka:init), users (eventstore:init)');
  const passwords = ['WRITER', 'RELAY', 'AUDITOR'].map((role) => {
    return [`SALLYPORT_EVENTSTORE_${role}_PASSWORD`, randomBytes(16).toString('hex')];
  });
  const admin = { SALLYPORT_EVENTSTORE_ADMIN_URL: settings['SALLYPORT_EVENTSTORE_URL'] ?? '' };
  const env = { ...process.env, ...settings, ...admin, ...Object.fromEntries(passwords) };
  const command = (app: string, ...words: string[]) => {
    const main = join(repositoryRoot(), 'dist', 'apps', app, 'src', 'main.js');
    execFileSync(process.execPath, [main, ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  command('kafka-init', '--partitions', String(partitions), '--without-access');
  command('eventstore-init');
}

/** Of a clock that the drill can move for all that decide or record. */
function clockFileOf(directory: string): string {
  return join(directory, 'test-clock.json');
}

function secrets(directory: string) {
  const keyFile = join(directory, 'master.key');
  writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  return {
    SALLYPORT_MASTER_KEY_FILE: keyFile,
    SALLYPORT_ADMIN_CREDENTIAL_FILE: join(directory, 'operators.credential'),
    SALLYPORT_TEST_CLOCK_FILE: clockFileOf(directory),
  };
}

/** The settings that each app knows; one that it does not know would be a mistake. */
const ofSessions = [
  'SALLYPORT_MASTER_KEY_FILE',
  'SALLYPORT_ADMIN_CREDENTIAL_FILE',
  'SALLYPORT_ISSUER',
  'SALLYPORT_TEST_CLOCK_FILE',
];
const known: Readonly<Record<(typeof apps)[number], readonly string[]>> = {
  relay: ['SALLYPORT_KAFKA_BROKERS', 'SALLYPORT_ISSUER'],
  projector: ['SALLYPORT_KAFKA_BROKERS'],
  anomaly: ['SALLYPORT_KAFKA_BROKERS', 'SALLYPORT_TEST_CLOCK_FILE'],
  'session-api': ofSessions,
};
const ofAll = ['SALLYPORT_EVENTSTORE_URL', 'SALLYPORT_POSTGRES_URL'];

interface Replica {
  readonly app: (typeof apps)[number];
  readonly replica: number;
  readonly settings: Settings;
}

async function startApp(file: StackFile, { app, replica, settings }: Replica): Promise<AppProcess> {
  const names = [...ofAll, ...known[app]];
  const own = Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)));
  const sessions = { SALLYPORT_ADMIN_PORT: '0', SALLYPORT_TRUSTED_PROXIES: '127.0.0.1/32' };
  const logFile = openSync(join(file.directory, `${app}-${replica}.log`), 'a', 0o600);
  const env = { ...own, ...(app === 'session-api' ? sessions : {}) };
  const started = await AppProcess.start(app, { env, logFile, detached: true });
  const word = join('apps', app, 'src', 'main.js');
  const process = entry(`${app}-${replica}`, started.process.pid, word);
  file.add({ processes: [{ ...process, url: started.url }] });
  return started;
}

function entry(name: string, pid: number | undefined, word: string): StackProcess {
  if (pid === undefined) throw new Error(`${name} has no process`);
  return { name, pid, word };
}
