// Refreshes of the service against those of the least that this stack can do, in turns on one core.
import type { Report } from '../report.js';
import { startBare, type Side } from './bare-process.js';
import { median, rounded } from './figures.js';
import { startOwn } from './refresh-figures.js';
import { described, runRound, signIn, warmUpSeconds } from './refresh-load.js';
import type { Kind, LoadOptions, Round } from './refresh-load.js';

export interface BareOptions extends LoadOptions {
  readonly cores: string;
}

/** A round of each, one right after the other. */
interface Pair {
  readonly kind: Kind;
  readonly service: Round;
  readonly bare: Round;
}

const kinds = ['bearer', 'dpop'] as const;

export async function bareFigures(report: Report, options: BareOptions): Promise<void> {
  const count = options.connections * options.sessionsPerConnection;
  const bare = await startBare({ cores: options.cores, sessions: count });
  try {
    const pairs = await againstService(report, bare.side, options);
    for (const kind of kinds) {
      tell(
        kind,
        pairs.filter((pair) => pair.kind === kind),
        report,
      );
    }
  } finally {
    await bare.stop();
  }
}

async function againstService(report: Report, bare: Side, options: BareOptions): Promise<Pair[]> {
  const target = await startOwn(options.cores, report);
  try {
    report.group('bare', 'the service, and the least that its stack does for a refresh, in turns');
    const count = options.connections * options.sessionsPerConnection;
    const bearer = await signIn(target, 'bearer', count);
    const dpop = await signIn(target, 'dpop', count);
    const service = { issuer: new URL(target.issuer), sessions: { bearer, dpop } };
    return await inTurns(report, { service, bare }, options);
  } finally {
    await target.stop();
  }
}

async function inTurns(
  report: Report,
  { service, bare }: { readonly service: Side; readonly bare: Side },
  options: BareOptions,
): Promise<Pair[]> {
  const play = (kind: Kind, side: Side, seconds = options.secondsPerRound): Promise<Round> =>
    runRound(kind, { ...side, options, seconds });
  for (const kind of kinds) for (const side of [service, bare]) await play(kind, side, warmUpSeconds);
  const pairs: Pair[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const kind of kinds) {
      const pair = { kind, service: await play(kind, service), bare: await play(kind, bare) };
      pairs.push(pair);
      report.say(`  round ${round} ${kind} service: ${described(pair.service)}`);
      report.say(`  round ${round} ${kind} bare: ${described(pair.bare)}`);
    }
  }
  return pairs;
}

function tell(kind: Kind, pairs: readonly Pair[], report: Report): void {
  const noted = (name: string, unit: string, of: (pair: Pair) => number): void => {
    const value = rounded(median(pairs.map(of)));
    report.figure({ name: `${kind} ${name}`, value, unit, aim: 'noted', holds: true });
  };
  noted('bare refreshes', '1/s', ({ bare }) => Math.round(bare.perSecond));
  noted('refreshes, in turns with them', '1/s', ({ service }) => Math.round(service.perSecond));
  noted('bare refreshes per signature', 'ratio', ({ bare }) => perSignature(bare));
  noted('refreshes per signature, in turns', 'ratio', ({ service }) => perSignature(service));
  noted('refreshes per bare one', 'ratio', ({ service, bare }) => service.perSecond / bare.perSecond);
  const errors = pairs.reduce((sum, { service, bare }) => sum + service.errors + bare.errors, 0);
  const name = `${kind} errors, both`;
  report.figure({ name, value: errors, unit: 'count', aim: '0', holds: errors === 0 });
}

function perSignature({ perSecond, signaturesPerSecond }: Round): number {
  return perSecond / signaturesPerSecond;
}
