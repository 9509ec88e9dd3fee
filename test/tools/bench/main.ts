// `npm run bench`: what the service does in a second on this machine, beside what the machine itself does.
import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OwnTarget, Target } from '../target/target.js';
import { runTool } from '../command-line.js';
import { Report } from '../report.js';
import { refreshLoad } from './refresh-load.js';
import type { Kind, Round } from './refresh-load.js';

const help = `npm run bench [-- options]
  --issuer URL --data-dir DIR   load this running service (both, or neither: then one is started on one core)
  --connections N               connections, each with one request at a time (32)
  --sessions N                  sessions per connection (4)
  --rounds N                    rounds of each kind, in turns (5)
  --seconds N                   seconds a round (4)
  --cores LIST                  cores for a service of its own, as taskset takes them (0); "all" for all
  --json                        one JSON document on standard output (use npm run -s)
  --help

Everything is on in the service: request logs, metrics, views. Ratios are refreshes a second over ES256
signatures a second of one thread of this machine, measured before and after each round.
`;

const aims: Readonly<Record<Kind, number>> = { bearer: 0.22, dpop: 0.11 };

await runTool({ help, readOptions, run });

async function run(values: ReturnType<typeof readOptions>): Promise<number> {
  const report = new Report({ tool: 'bench', json: values.json });
  const { issuer, 'data-dir': dataDir } = values;
  const own = issuer === undefined || dataDir === undefined;
  const target = own ? await startOwn(values.cores, report) : new Target(issuer, dataDir);
  try {
    report.group('refresh', `closed loop, ${values.connections} connections`);
    const rounds = await refreshLoad(
      target,
      {
        connections: Number(values.connections),
        sessionsPerConnection: Number(values.sessions),
        rounds: Number(values.rounds),
        secondsPerRound: Number(values.seconds),
      },
      report,
    );
    for (const kind of ['bearer', 'dpop'] as const) {
      figures(
        kind,
        rounds.filter((round) => round.kind === kind),
        report,
      );
    }
  } finally {
    await target.stop();
  }
  return report.finish();
}

/** A service on its own core, so that the load takes none of its time; on all, saying so, without taskset. */
async function startOwn(cores: string, report: Report): Promise<OwnTarget> {
  const pinned = cores !== 'all' && spawnSync('taskset', ['-V']).error === undefined;
  report.say(pinned ? `starting a service on core ${cores}` : 'starting a service on all cores');
  const logFile = openSync(join(tmpdir(), `sallyport-bench-${process.pid}.log`), 'w');
  const env = { SALLYPORT_LOG_LEVEL: 'info', SALLYPORT_TEST_CLOCK: undefined };
  return OwnTarget.start({ env, logFile, under: pinned ? ['taskset', '-c', cores] : [] });
}

function figures(kind: Kind, rounds: readonly Round[], report: Report): void {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const ratio = middle((round) => round.perSecond / round.signaturesPerSecond);
  const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
  const noted = { aim: 'noted', holds: true };
  report.figure({
    name: `${kind} refreshes`,
    value: Math.round(middle((round) => round.perSecond)),
    unit: '1/s',
    ...noted,
  });
  report.figure({
    name: `${kind} p50`,
    value: rounded(middle((round) => round.p50Ms)),
    unit: 'ms',
    ...noted,
  });
  report.figure({
    name: `${kind} p99`,
    value: rounded(middle((round) => round.p99Ms)),
    unit: 'ms',
    ...noted,
  });
  const signatures = Math.round(middle((round) => round.signaturesPerSecond));
  report.figure({ name: `${kind} ES256 signatures`, value: signatures, unit: '1/s', ...noted });
  report.figure({
    name: `${kind} refreshes per signature`,
    value: rounded(ratio),
    unit: 'ratio',
    aim: `>= ${aims[kind]}`,
    holds: ratio >= aims[kind],
  });
  report.figure({ name: `${kind} errors`, value: errors, unit: 'count', aim: '0', holds: errors === 0 });
  const first = rounds.find((round) => round.firstError !== undefined)?.firstError;
  if (first !== undefined) report.say(`  first error: ${first}`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function readOptions() {
  return parseArgs({
    options: {
      issuer: { type: 'string' },
      'data-dir': { type: 'string' },
      connections: { type: 'string', default: '32' },
      sessions: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      cores: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}
