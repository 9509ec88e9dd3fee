// `npm run bench`: what the service does in a second on this machine, beside what the machine itself does.
import { parseArgs } from 'node:util';
import { runTool } from '../command-line.js';
import { Report } from '../report.js';
import { bareFigures } from './bare-figures.js';
import { historyFigures } from './history-load.js';
import { pipelineFigures } from './pipeline-load.js';
import { refreshFigures } from './refresh-figures.js';
import { rulesFigures } from './rules-load.js';
import { streamFigures } from './stream-load.js';

type Part = (report: Report, values: Values) => Promise<void>;

/** In the order in which they run. */
const parts: Readonly<Record<string, Part>> = {
  refresh: (report, values) => refreshFigures(report, { ...values, ...loadOf(values) }),
  bare: (report, values) => bareFigures(report, { ...loadOf(values), cores: values.cores }),
  streams: (report, values) => {
    return streamFigures(report, { ...loadOf(values), cores: values.cores, streams: Number(values.streams) });
  },
  pipeline: (report, values) => pipelineFigures(report, Number(values.rounds) * Number(values.seconds)),
  history: (report, values) => historyFigures(report, Number(values.events)),
  rules: async (report) => rulesFigures(report),
};

const help = `npm run bench [-- options]
  --only NAME                   ${Object.keys(parts).join(', ')}; may be repeated
  --rounds N                    rounds of each kind, in turns (5)
  --seconds N                   seconds a round (4)
  --json                        one JSON document on standard output (use npm run -s)
  --help

refresh: refreshes over HTTP in a closed loop. Everything is on: request logs, metrics, views, rules. Ratios
are refreshes a second over ES256 signatures a second of one thread of this machine, measured before and after
each round.
  --issuer URL --data-dir DIR   load this running service (both, or neither: then one is started on one core)
  --connections N               connections, each with one request at a time (32)
  --sessions N                  sessions per connection (4)
  --cores LIST                  cores for a service of its own, as taskset takes them (0); "all" for all
bare: the same in turns with the least that this stack can do for a refresh: Nest, Fastify, tag and successor
of a token, a proof, a commit, a signature, and nothing else.
streams: the same for bearer sessions, with streams of server-sent events open and without, in turns.
  --streams N                   accounts that have one open (16)
pipeline: 2,000 events a second into the store of a process on two cores: time until a view shows them, and
until what the rules decide on one in a hundred is in force.
history: events a second of folds in memory, and of all views made again from a ledger.
  --events N                    events of that ledger (200000), at 50 a session
rules: events a second that one core judges.
`;

await runTool({ help, readOptions, run });

async function run(values: Values): Promise<number> {
  const report = new Report({ tool: 'bench', json: values.json });
  for (const [name, part] of Object.entries(parts)) {
    if (values.only.length === 0 || values.only.includes(name)) await part(report, values);
  }
  return report.finish();
}

function loadOf(values: Values) {
  return {
    connections: Number(values.connections),
    sessionsPerConnection: Number(values.sessions),
    rounds: Number(values.rounds),
    secondsPerRound: Number(values.seconds),
  };
}

type Values = Exclude<ReturnType<typeof readOptions>, string>;

/** The options, or what is wrong with them. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      issuer: { type: 'string' },
      'data-dir': { type: 'string' },
      connections: { type: 'string', default: '32' },
      sessions: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      cores: { type: 'string', default: '0' },
      streams: { type: 'string', default: '16' },
      events: { type: 'string', default: '200000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = values.only.find((name) => !Object.hasOwn(parts, name));
  return unknown === undefined ? values : `There is no part "${unknown}".`;
}
