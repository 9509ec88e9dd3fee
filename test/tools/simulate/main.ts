// `npm run simulate`: labelled populations, or somebody else's labelled events, under the rules.
import { parseArgs } from 'node:util';
import { runTool } from '../command-line.js';
import { readLabels, readLines } from './read-lines.js';
import { judged, runSimulation } from './run.js';
import { summaryOf } from './summary.js';

const help = `npm run simulate -- [options]
  --accounts N       how many accounts (500)
  --days D           for how long (7)
  --seed S           repeats an earlier run (1)
  --countries-only   networks say their country and nothing else, as with the data the service comes with
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
  readonly json: boolean;
  readonly help: boolean;
}

await runTool({ help, readOptions, run });

async function run({ json, events, labels, ...options }: Options): Promise<number> {
  try {
    const result =
      events === undefined
        ? await runSimulation({ ...options, labelsOut: labels, progress })
        : await judged(readLines(events), await readLabels(labels ?? ''));
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : summaryOf(result));
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

function progress(lines: number): void {
  if (lines % 1_000_000 === 0) process.stderr.write(`  ${lines} events\n`);
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      accounts: { type: 'string', default: '500' },
      days: { type: 'string', default: '7' },
      'countries-only': { type: 'boolean', default: false },
      out: { type: 'string' },
      labels: { type: 'string' },
      events: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { 'countries-only': countriesOnly, out, labels, events } = values;
  const [seed, accounts, days] = [values.seed, values.accounts, values.days].map(wholeNumber);
  if (seed === undefined || accounts === undefined || days === undefined) {
    return '--seed, --accounts and --days are whole numbers above 0.';
  }
  if (events !== undefined && out !== undefined) return '--out keeps a simulation, not --events.';
  if ((events ?? out) !== undefined && labels === undefined) return 'Name the file for --labels too.';
  if (labels !== undefined && (events ?? out) === undefined) return '--labels goes with --out or --events.';
  return { ...values, seed, accounts, days, countriesOnly, out, labels, events };
}

function wholeNumber(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
