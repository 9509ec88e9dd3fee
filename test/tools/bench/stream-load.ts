// What streams of server-sent events cost those who refresh: rounds with and without them, in turns.
import type { Report } from '../report.js';
import { median, rounded } from './figures.js';
import type { LoadSession } from './connection.js';
import { startOwn } from './refresh-figures.js';
import { described, runRound, sessionsPerPerson, signIn, warmUpSeconds } from './refresh-load.js';
import type { LoadOptions, Round } from './refresh-load.js';

export interface StreamOptions extends LoadOptions {
  readonly cores: string;
  /** How many accounts have a stream open. */
  readonly streams: number;
}

export async function streamFigures(report: Report, options: StreamOptions): Promise<void> {
  const target = await startOwn(options.cores, report);
  try {
    report.group('streams', 'bearer refreshes with streams of the same accounts open, and without');
    const bearer = await signIn(target, 'bearer', options.connections * options.sessionsPerConnection);
    const issuer = new URL(target.issuer);
    const play = (seconds: number): Promise<Round> =>
      runRound('bearer', { issuer, sessions: { bearer }, options, seconds });
    await play(warmUpSeconds);
    const rates: { without: number[]; with: number[] } = { without: [], with: [] };
    let open = 0;
    for (let round = 1; round <= options.rounds; round += 1) {
      const without = await play(options.secondsPerRound);
      report.say(`  round ${round} without: ${described(without)}`);
      const streams = await openStreams(issuer, bearer, options.streams);
      const with_ = await play(options.secondsPerRound);
      open = streams.length;
      await Promise.all(streams.map((stream) => stream.close()));
      report.say(`  round ${round} with ${open}: ${described(with_)}`);
      rates.without.push(without.perSecond);
      rates.with.push(with_.perSecond);
    }
    tell(report, { open, ratios: rates.with.map((rate, n) => rate / (rates.without[n] ?? 1)), ...rates });
  } finally {
    await target.stop();
  }
}

function tell(
  report: Report,
  of: {
    readonly open: number;
    readonly with: readonly number[];
    readonly without: readonly number[];
    readonly ratios: readonly number[];
  },
): void {
  const noted = { aim: 'noted', holds: true };
  const [plain, busy] = [Math.round(median(of.without)), Math.round(median(of.with))];
  report.figure({ name: 'refreshes, no stream open', value: plain, unit: '1/s', ...noted });
  report.figure({ name: `refreshes, ${of.open} streams open`, value: busy, unit: '1/s', ...noted });
  report.figure({ name: 'with over without', value: rounded(median(of.ratios)), unit: 'ratio', ...noted });
}

interface OpenStream {
  close(): Promise<void>;
}

/** One stream each of the first accounts; what comes is thrown away: reading it is no work of the service. */
function openStreams(issuer: URL, sessions: readonly LoadSession[], count: number): Promise<OpenStream[]> {
  const firsts = sessions.filter((_, index) => index % sessionsPerPerson === 0).slice(0, count);
  return Promise.all(firsts.map(({ accessToken }) => openStream(new URL('/v1/events', issuer), accessToken)));
}

async function openStream(url: URL, accessToken: string): Promise<OpenStream> {
  const stopping = new AbortController();
  const headers = { authorization: `Bearer ${accessToken}` };
  const answer = await fetch(url, { headers, signal: stopping.signal });
  if (!answer.ok || answer.body === null) throw new Error(`${url.href}: ${answer.status}`);
  const ended = drain(answer.body);
  return {
    close: async () => {
      stopping.abort();
      await ended;
    },
  };
}

async function drain(body: ReadableStream): Promise<void> {
  try {
    const reader = body.getReader();
    while (!(await reader.read()).done);
  } catch {
    // Closed.
  }
}
