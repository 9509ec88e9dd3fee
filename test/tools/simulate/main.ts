// `npm run simulate`: labelled populations, or somebody else's labelled events, under the rules.
import { parseArgs } from 'node:util';
import { runTool } from '../command-line.js';
import { readLabels, readLines } from './read-lines.js';
import { simulateOverHttp } from './http/run.js';
import { judged, runSimulation } from './run.js';
import type { Result } from './run.js';
import { summaryOf } from './summary.js';

const help = `npm run simulate -- [options]
  --accounts N       how many accounts (500)
  --days D           for how long (7)
  --seed S           repeats an earlier run (1)
  --countries-only   networks say their country and nothing else, as with the data the service comes with
  --http             plays over HTTP, against a service started for it (30 accounts, 3 days, unless said)
  --issuer URL       the same against this running service, with
  --data-dir DIR     its data directory (SALLYPORT_DATA_DIR, else ./.sallyport)
  --out FILE         keeps the events, and with
  --labels FILE      what is true of the accounts
  --events FILE      judges these events instead of a simulation, by
  --labels FILE      these labels
  --json             one JSON document on standard output (use npm run -s)
  --help

The formats of both files: docs/simulator.md.
`;

interface Options {
  readonly seed: number;
  readonly accounts: number;
  readonly days: number;
  readonly countriesOnly: boolean;
  readonly out?: string;
  readonly labels?: string;
  readonly events?: string;
  readonly http: boolean;
  readonly issuer?: string;
  readonly dataDir: string;
  readonly json: boolean;
  readonly help: boolean;
}

await runTool({ help, readOptions, run });

async function run({ json, ...options }: Options): Promise<number> {
  try {
    const result = await resultOf(options);
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : summaryOf(result));
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

async function resultOf(asked: Omit<Options, 'json'>): Promise<Result> {
  const { events, labels, http, issuer, dataDir, ...options } = asked;
  if (events !== undefined) return judged(readLines(events), await readLabels(labels ?? ''));
  if (!http) return runSimulation({ ...options, labelsOut: labels, progress });
  const service = issuer === undefined ? undefined : { issuer, dataDir };
  return simulateOverHttp({ ...options, service, progress: httpProgress });
}

function httpProgress(deeds: number): void {
  if (deeds % 250 === 0) process.stderr.write(`  ${deeds} deeds\n`);
}

function progress(lines: number): void {
  if (lines % 1_000_000 === 0) process.stderr.write(`  ${lines} events\n`);
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      accounts: { type: 'string' },
      days: { type: 'string' },
      http: { type: 'boolean', default: false },
      issuer: { type: 'string' },
      'data-dir': { type: 'string' },
      'countries-only': { type: 'boolean', default: false },
      out: { type: 'string' },
      labels: { type: 'string' },
      events: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { 'countries-only': countriesOnly, out, labels, events } = values;
  const http = values.http || values.issuer !== undefined;
  const [seed, accounts, days] = [
    values.seed,
    values.accounts ?? (http ? '30' : '500'),
    values.days ?? (http ? '3' : '7'),
  ].map(wholeNumber);
  if (seed === undefined || accounts === undefined || days === undefined) {
    return '--seed, --accounts and --days are whole numbers above 0.';
  }
  if (events !== undefined && out !== undefined) return '--out keeps a simulation, not --events.';
  if ((events ?? out) !== undefined && labels === undefined) return 'Name the file for --labels too.';
  if (labels !== undefined && (events ?? out) === undefined) return '--labels goes with --out or --events.';
  if (http && (events ?? out) !== undefined) return '--events and --out do not go over HTTP.';
  const isNowhere = values['data-dir'] !== undefined && values.issuer === undefined;
  if (isNowhere) return '--data-dir goes with --issuer.';
  const dataDir = values['data-dir'] ?? process.env['SALLYPORT_DATA_DIR'] ?? '.sallyport';
  return { ...values, http, seed, accounts, days, countriesOnly, out, labels, events, dataDir };
}

function wholeNumber(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
