// `npm run stack -- up|down|status`: the distributed profile on this machine, for trying and for tests.
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PostgresServer } from '../../engines/postgres.js';
import { runTool } from '../command-line.js';
import { isRunning, StackFile } from './stack-file.js';
import { up } from './up.js';

const help = `npm run stack -- up | down | status [options]
  --dir DIR         keeps its data, logs and stack.json there (./.sallyport-stack)
  --port N          port of the issuer (up; a free one)
  --replicas N      processes of each app (up; 2)
  --partitions N    of the topics keyed by account (up; 6)
  --help

Starts a real Kafka, a real PostgreSQL, a wire double of EventStoreDB (for tests only), two of each app, and
a proxy on loopback that is the issuer; ends all of them by their ids. Needs Java, Maven and PostgreSQL.
`;

const verbs = ['up', 'down', 'status'] as const;
const endWithinMs = 30_000;

await runTool({ help, readOptions, run });
// What was started outlives this command; its handles here must not keep it.
process.exit();

async function run({ verb, file, ...options }: Options): Promise<number> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (verb === 'status') return status(file);
  if (verb === 'down') return down(file, say);
  if (file.exists) {
    say(`There is a stack in ${file.directory}: end it with \`npm run stack -- down\`.`);
    return 1;
  }
  try {
    await up(file, { ...options, say: (text) => say(`starting ${text}`) });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    say('It did not start; what did is ended. The logs stay.');
    await end(file, say);
    return 1;
  }
  return status(file);
}

async function status(file: StackFile): Promise<number> {
  const { processes, postgres, ...known } = file.read();
  const shown = await Promise.all(
    processes.map(async (one) => {
      const answer = one.url && (await fetch(`${one.url}/health/ready`).catch(() => undefined));
      const ready = answer ? (answer.ok ? 'ready' : 'not ready') : '';
      const runs = isRunning(one) ? `runs (${one.pid})` : 'ended';
      return `  ${one.name.padEnd(18)} ${runs} ${ready} ${one.url ?? ''}`;
    }),
  );
  const pid = postgres && existsSync(postgres) ? PostgresServer.in(postgres).pid() : undefined;
  const database = `  ${'postgres'.padEnd(18)} ${pid === undefined ? 'ended' : `runs (${pid})`}`;
  const lines = Object.entries(known).map(([name, value]) => `${name.padEnd(16)} ${value as string}`);
  process.stdout.write(`${[...lines, database, ...shown].join('\n')}\n`);
  return processes.length > 0 && pid !== undefined && processes.every(isRunning) ? 0 : 1;
}

async function down(file: StackFile, say: (text: string) => void): Promise<number> {
  if (!file.exists) {
    say(`There is no stack in ${file.directory}.`);
    return 0;
  }
  const hasEnded = await end(file, say);
  if (hasEnded) rmSync(file.directory, { recursive: true, force: true });
  return hasEnded ? 0 : 1;
}

/** In the other order than they were started; true when all are gone. */
async function end(file: StackFile, say: (text: string) => void): Promise<boolean> {
  const { processes, postgres } = file.read();
  for (const one of processes.toReversed()) {
    if (!isRunning(one)) continue;
    say(`ending ${one.name}`);
    process.kill(one.pid, 'SIGTERM');
    const deadline = performance.now() + endWithinMs;
    while (isRunning(one) && performance.now() < deadline) await sleep(50);
    if (isRunning(one)) process.kill(one.pid, 'SIGKILL');
  }
  if (postgres !== undefined && existsSync(postgres)) {
    say('ending postgres');
    await PostgresServer.in(postgres).dispose();
  }
  rmSync(`${file.directory}/stack.json`, { force: true });
  return !processes.some(isRunning);
}

interface Options {
  readonly verb: (typeof verbs)[number];
  readonly file: StackFile;
  readonly port?: number;
  readonly replicas: number;
  readonly partitions: number;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string', default: '.sallyport-stack' },
      port: { type: 'string' },
      replicas: { type: 'string', default: '2' },
      partitions: { type: 'string', default: '6' },
      help: { type: 'boolean', default: false },
    },
  });
  const [asked] = positionals;
  const verb = verbs.find((name) => name === asked) ?? (values.help ? 'status' : undefined);
  if (verb === undefined || positionals.length > 1) return 'Say one of up, down, status.';
  const [replicas, partitions] = [Number(values.replicas), Number(values.partitions)];
  const port = values.port === undefined ? undefined : Number(values.port);
  if (![replicas, partitions, port ?? 1].every((count) => Number.isInteger(count) && count > 0)) {
    return '--port, --replicas and --partitions are numbers above 0.';
  }
  return { verb, file: new StackFile(resolve(values.dir)), port, replicas, partitions, help: values.help };
}
