// The races as a tool: `node dist/test/tools/races/main.js --rounds 1000`.
import { parseArgs } from 'node:util';
import { runTool } from '../command-line.js';
import { Report } from '../report.js';
import { runRacesInParallel } from './parallel.js';
import { replicasName, runRaces, wiredName, type RaceResult } from './races.js';

const help = `node dist/test/tools/races/main.js [options]
  --rounds N    of every race in every setting (default 1000)
  --seed N      repeats the pauses of a run, as far as the threads of a process can be repeated
  --only NAME   races whose name starts so, e.g. "lock x" or "one generation"
  --setting S   one setting alone; "${wiredName}" and "${replicasName}" are run only where named
  --json        one JSON document on standard output
  --help
`;
const violationsShown = 3;

await runTool({ help, readOptions, run });

interface Options {
  readonly rounds: number;
  readonly seed: number;
  readonly only: string | undefined;
  readonly setting: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      only: { type: 'string' },
      setting: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
  if (!Number.isInteger(rounds) || !Number.isInteger(seed) || rounds < 1) {
    return '--rounds and --seed are whole numbers, the first above 0.';
  }
  const { only, setting, json, help: asked } = values;
  return { rounds, seed, only, setting, json, help: asked };
}

async function run({ rounds, seed, only, setting, json }: Options): Promise<number> {
  const report = new Report({ tool: 'races', json });
  report.say(`${rounds} rounds of each race, seed ${seed}`);
  report.group('races', 'nothing decided before a revocation outlives it');
  const races = { rounds, seed, only, progress: (result: RaceResult) => add(report, result) };
  await (setting === undefined ? runRacesInParallel(races) : runRaces({ ...races, setting }));
  return report.finish();
}

function add(report: Report, result: RaceResult): void {
  const { setting, race, rounds, inside, released, refused, violations } = result;
  const name = `${setting}: ${race}`;
  const counts = `${rounds} rounds, ${inside} met inside; ${released} released, ${refused} refused`;
  report.say(`  ${name}: ${counts}`);
  report.check(
    name,
    violations.length === 0,
    `${violations.length}: ${violations.slice(0, violationsShown).join('\n')}`,
  );
}
