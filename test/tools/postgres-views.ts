// How fast PostgreSQL takes rows of views, by the size of the batches, on a server of its own or a given one.
// Usage: npm run -s build && node dist/test/tools/postgres-views.js --help
import { parseArgs } from 'node:util';
import { parsePostgresUrl, PostgresStores } from '@sallyport/adapter-postgres';
import type { ViewRow } from '@sallyport/engine';
import { PostgresServer } from '../engines/postgres.js';
import { signingRate } from './bench/signing-rate.js';
import { runTool } from './command-line.js';
import { Report } from './report.js';

const help = `node dist/test/tools/postgres-views.js [options]
  --url URL      an empty database to write to; without it a server is started and stopped again
  --rows N       different rows (50000)
  --batches LIST rows a batch (1,50,500,2000)
  --seconds N    of writing for each size (3)
  --json         one JSON document on standard output
  --help
`;

/** Batches of what one read of the feed holds write this many rows a second on one connection, or more. */
const aimRowsPerSecond = 10_000;
const usualBatch = 500;

type Options = Exclude<ReturnType<typeof readOptions>, string>;

async function run(values: Options): Promise<number> {
  const report = new Report({ tool: 'postgres-views', json: values.json });
  const server = values.url === undefined ? await PostgresServer.start() : undefined;
  const url = values.url ?? (await (server as PostgresServer).createDatabase());
  const { settings, mistakes } = parsePostgresUrl(url);
  if (settings === undefined) throw new Error(`--url: ${mistakes.join('; ')}`);
  try {
    const stores = await PostgresStores.open(settings);
    report.group('commit', 'rows of 450 bytes: read, changed, written with the checkpoint; one connection');
    report.say(`  this machine signs ${Math.round(signingRate())} times a second`);
    const load = new Load(stores, Number(values.rows));
    await load.fill();
    for (const size of values.batches.split(',').map(Number)) {
      figure(report, size, await load.run(size, Number(values.seconds)));
    }
    await stores.close();
  } finally {
    await server?.dispose();
  }
  return report.finish();
}

interface Rates {
  readonly rowsPerSecond: number;
  /** Milliseconds of a batch's load and commit. */
  readonly median: number;
  readonly p99: number;
}

function figure(report: Report, size: number, { rowsPerSecond, median, p99 }: Rates): void {
  const isAim = size === usualBatch;
  report.figure({
    name: `batches of ${size} rows (median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms)`,
    value: Math.round(rowsPerSecond),
    unit: 'rows/s',
    aim: isAim ? `>= ${aimRowsPerSecond}` : 'none',
    holds: !isAim || rowsPerSecond >= aimRowsPerSecond,
  });
}

class Load {
  private position = 0;
  private next = 0;

  constructor(
    private readonly stores: PostgresStores,
    private readonly rows: number,
  ) {}

  /** Writes every row once. */
  async fill(): Promise<void> {
    for (let from = 0; from < this.rows; from += usualBatch) {
      const length = Math.min(usualBatch, this.rows - from);
      await this.commit(Array.from({ length }, (_, at) => exampleRow(keyOf(from + at), 0)));
    }
  }

  /** Loads and writes batches of rows that are there, for some seconds. */
  async run(size: number, seconds: number): Promise<Rates> {
    const times: number[] = [];
    const startedAt = performance.now();
    while (performance.now() - startedAt < seconds * 1000) {
      const begunAt = performance.now();
      // A prime apart, so that a batch touches pages all over the table, as sessions come.
      const keys = Array.from({ length: size }, () => keyOf((this.next += 7_919) % this.rows));
      const found = await this.stores.views.load('sessions', 1, keys);
      await this.commit([...found.values()].map(({ key }) => exampleRow(key, begunAt)));
      times.push(performance.now() - begunAt);
    }
    const rowsPerSecond = (times.length * size * 1000) / (performance.now() - startedAt);
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.floor(times.length * share)] as number;
    return { rowsPerSecond, median: at(0.5), p99: at(0.99) };
  }

  private async commit(rows: readonly ViewRow[]): Promise<void> {
    const from = this.position === 0 ? null : `${this.position}`;
    const changes = rows.map((row) => ({ view: 'sessions', key: row.key, row }));
    this.position += 1;
    const to = `${this.position}`;
    await this.stores.views.commit({ projection: 'sessions', generation: 1, from, to, changes });
  }
}

function keyOf(index: number): string {
  return `session-${String((index * 2_654_435_761) % 2 ** 32).padStart(16, '0')}`;
}

/** As long as a session's row, and as full of quotes. */
function exampleRow(key: string, changed: number): ViewRow {
  const fields = Array.from({ length: 14 }, (_, at) => [`field${at}`, `value ${at} of ${key.slice(-8)}`]);
  return { key, owner: `account-${key.slice(-6)}`, body: { ...Object.fromEntries(fields), changed } };
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      rows: { type: 'string', default: '50000' },
      batches: { type: 'string', default: '1,50,500,2000' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const numbers = [values.rows, values.seconds, ...values.batches.split(',')];
  if (!numbers.every((text) => Number(text) > 0)) return '--rows, --batches and --seconds take numbers';
  return values;
}

await runTool({ help, readOptions, run });
