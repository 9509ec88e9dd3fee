// What the ledger does in a second through the protocol of EventStoreDB, against its double.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EventStoreDbConnection, EventStoreDbEventStore } from '@sallyport/adapter-eventstoredb';
import { EventStoreDbFeed } from '@sallyport/adapter-eventstoredb';
import { runTool } from '../command-line.js';
import { startDouble } from '../eventstore-double/process.js';
import { LocalService, openGround } from '../model/local-service.js';
import { keep, Processes, type Held } from '../races/person.js';
import { Random } from '../races/random.js';
import { Report } from '../report.js';
import { signingRate } from './signing-rate.js';

const help = `node dist/test/tools/bench/eventstore.js [options]
  --connections N     refreshes under way at once (32)
  --sessions N        sessions per connection (2)
  --rounds N          rounds of each kind, in turns (3)
  --seconds N         seconds a round (4)
  --json              one JSON document on standard output
  --help

The ledger without HTTP in this process, EventStoreDB's wire double (not EventStoreDB) in another one, with
an SQLite file that syncs fully. Each refresh is an append, the read that confirms it and its guards' reads.
`;

const aim = 500;
const feedAim = 10_000;
const warmUpSeconds = 3;
const eventsToRead = 20_000;
/** About what a rotation holds. */
const eventBytes = 600;

await runTool({ help, readOptions, run });

type Values = ReturnType<typeof readOptions>;

async function run(values: Values): Promise<number> {
  const report = new Report({ tool: 'bench-eventstore', json: values.json });
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const double = await startDouble({ dataDir: directory });
  report.say(`the wire double of EventStoreDB is at ${double.url}`);
  const ground = openGround(directory);
  const connection = EventStoreDbConnection.to({ url: double.url, clock: ground.clock });
  const service = await LocalService.start(ground, new EventStoreDbEventStore(connection));
  try {
    const by = new Processes([service], new Random(1));
    report.group('refresh', `closed loop, ${values.connections} connections, through the double`);
    for (const kind of ['bearer', 'key-bound'] as const) {
      const sessions = await signIn(by, kind === 'key-bound', values);
      await loaded(by, sessions, warmUpSeconds);
      for (let round = 1; round <= Number(values.rounds); round += 1) {
        figures(kind, await loaded(by, sessions, Number(values.seconds)), report);
      }
    }
    await feedFigure(connection, report);
  } finally {
    await service.stop();
    await connection.close();
    await double.stop();
    await ground.store.close();
    ground.secrets.close();
    rmSync(directory, { recursive: true, force: true });
  }
  return report.finish();
}

interface Round {
  readonly latencies: readonly number[];
  readonly errors: number;
  readonly seconds: number;
  /** Processor time of this process: the ledger, the adapter and the client. */
  readonly cpuMicros: number;
  readonly signaturesPerSecond: number;
}

/** Sessions, one list for each connection. */
async function signIn(by: Processes, bound: boolean, values: Values): Promise<Held[][]> {
  const connections = Array.from({ length: Number(values.connections) }, async () => {
    const authentication = await by.authenticate(await by.openAccount());
    const sessions: Held[] = [];
    while (sessions.length < Number(values.sessions)) sessions.push(await by.session(authentication, bound));
    return sessions;
  });
  return Promise.all(connections);
}

async function loaded(by: Processes, sessions: readonly Held[][], forSeconds: number): Promise<Round> {
  const before = signingRate();
  const latencies: number[] = [];
  let errors = 0;
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const until = started + forSeconds * 1_000;
  await Promise.all(
    sessions.map(async (mine) => {
      for (let turn = 0; performance.now() < until; turn += 1) {
        const held = mine[turn % mine.length] as Held;
        const began = performance.now();
        if (!keep(held, await by.refresh(held, held.refreshTokens.at(-1) as string))) errors += 1;
        latencies.push(performance.now() - began);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const signaturesPerSecond = (before + signingRate()) / 2;
  return { latencies, errors, seconds, cpuMicros: user + system, signaturesPerSecond };
}

function figures(kind: string, round: Round, report: Report): void {
  const sorted = round.latencies.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100) / 100;
  const perSecond = Math.round((sorted.length - round.errors) / round.seconds);
  const spread = `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, max ${at(0.9999)} ms`;
  const cpu = Math.round(round.cpuMicros / Math.max(1, sorted.length));
  const signatures = Math.round(round.signaturesPerSecond);
  report.say(`  ${kind}: ${spread}, ${round.errors} errors, ${cpu} us CPU each, ${signatures} ES256/s`);
  report.figure({
    name: `${kind} refreshes through the wire double`,
    value: perSecond,
    unit: '1/s',
    aim: `>= ${aim}`,
    holds: perSecond >= aim && round.errors === 0,
  });
}

/** What one reader of the feed gets in a second, from the first event to the last. */
async function feedFigure(connection: EventStoreDbConnection, report: Report): Promise<void> {
  report.group('feed', 'one reader, pages of 1,000');
  await fill(new EventStoreDbEventStore(connection));
  const feed = new EventStoreDbFeed(connection);
  let [count, after] = [0, null as string | null];
  const started = performance.now();
  for (;;) {
    const events = await feed.read(after, 1_000);
    if (events.length === 0) break;
    count += events.length;
    after = events.at(-1)?.position ?? after;
  }
  const perSecond = Math.round(count / ((performance.now() - started) / 1_000));
  report.figure({
    name: `events read from the feed (${count})`,
    value: perSecond,
    unit: '1/s',
    aim: `>= ${feedAim}`,
    holds: perSecond >= feedAim,
  });
  feed.close();
}

async function fill(store: EventStoreDbEventStore): Promise<void> {
  const draft = () => ({
    id: randomUUID(),
    type: 'bench.happened',
    schemaVersion: 1,
    data: { text: randomBytes(eventBytes / 2).toString('hex') },
    correlationId: 'bench',
    causationId: 'bench',
    partitionKey: '*',
    actor: { kind: 'system' as const },
  });
  for (let made = 0; made < eventsToRead; made += 100) {
    const events = Array.from({ length: 100 }, draft);
    await store.append({ stream: `bench-${made % 7}`, expected: 'any', events, guards: [] });
  }
}

function readOptions() {
  return parseArgs({
    options: {
      connections: { type: 'string', default: '32' },
      sessions: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}
