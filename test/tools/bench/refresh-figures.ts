// Refreshes a second over HTTP, bearer and key-bound, against the signatures of the same machine.
import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnTarget, Target } from '../target/target.js';
import type { Report } from '../report.js';
import { median, rounded, takesTaskset } from './figures.js';
import { refreshLoad } from './refresh-load.js';
import type { Kind, LoadOptions, Round } from './refresh-load.js';

const aims: Readonly<Record<Kind, number>> = { bearer: 0.22, dpop: 0.11 };

/** `issuer` and `data-dir`: a running service; one of its own, on the cores, unless both are there. */
export interface RefreshOptions extends LoadOptions {
  readonly issuer?: string;
  readonly 'data-dir'?: string;
  readonly cores: string;
}

export async function refreshFigures(report: Report, options: RefreshOptions): Promise<void> {
  const { issuer, 'data-dir': dataDir, cores } = options;
  const isOwn = issuer === undefined || dataDir === undefined;
  const target = isOwn ? await startOwn(cores, report) : new Target(issuer, dataDir);
  try {
    report.group('refresh', `closed loop, ${options.connections} connections`);
    const rounds = await refreshLoad(target, options, report);
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
}

/** A service on its own core, so that the load takes none of its time; on all, saying so, without taskset. */
export async function startOwn(cores: string, report: Report): Promise<OwnTarget> {
  const pinned = cores !== 'all' && takesTaskset();
  report.say(pinned ? `starting a service on core ${cores}` : 'starting a service on all cores');
  const logFile = openSync(join(tmpdir(), `sallyport-bench-${process.pid}.log`), 'w');
  const env = { SALLYPORT_LOG_LEVEL: 'info', SALLYPORT_TEST_CLOCK: undefined };
  return OwnTarget.start({ env, logFile, under: pinned ? ['taskset', '-c', cores] : [] });
}

function figures(kind: Kind, rounds: readonly Round[], report: Report): void {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const ratio = middle((round) => round.perSecond / round.signaturesPerSecond);
  const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
  const noted = (name: string, value: number, unit: string): void => {
    report.figure({ name: `${kind} ${name}`, value, unit, aim: 'noted', holds: true });
  };
  noted('refreshes', Math.round(middle((round) => round.perSecond)), '1/s');
  noted('p50', rounded(middle((round) => round.p50Ms)), 'ms');
  noted('p99', rounded(middle((round) => round.p99Ms)), 'ms');
  noted('ES256 signatures', Math.round(middle((round) => round.signaturesPerSecond)), '1/s');
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
