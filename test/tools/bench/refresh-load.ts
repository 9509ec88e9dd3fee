// Closed-loop refresh load with real rotating sessions: bearer and DPoP in turns, round by round.
import { randomBytes } from 'node:crypto';
import { App, demoBearer, demoPhone, discover, newDeviceKey, ProofSigner } from '../client/index.js';
import type { Target } from '../target/target.js';
import type { Report } from '../report.js';
import { atShare } from './figures.js';
import { LoadConnection } from './connection.js';
import type { LoadSession, Seen } from './connection.js';
import { signingRate } from './signing-rate.js';

export type Kind = 'bearer' | 'dpop';

export interface LoadOptions {
  readonly connections: number;
  readonly sessionsPerConnection: number;
  readonly rounds: number;
  readonly secondsPerRound: number;
}

/** One round. `signatures` a second were measured right before and after it, while nothing else ran. */
export interface Round {
  readonly kind: Kind;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly firstError?: string;
  readonly signaturesPerSecond: number;
  /** Processor time of the service for one refresh, microseconds, as its own metrics tell. */
  readonly cpuMicros: number;
}

/** Of the same account, one after the other in the list. */
export const sessionsPerPerson = 8;
export const warmUpSeconds = 3;

/** Signs in, warms up, and runs rounds of each kind in turns. */
export async function refreshLoad(target: Target, options: LoadOptions, report: Report): Promise<Round[]> {
  const issuer = new URL(target.issuer);
  const count = options.connections * options.sessionsPerConnection;
  report.say(`signing in ${count} bearer and ${count} key-bound sessions`);
  const sessions = {
    bearer: await signIn(target, 'bearer', count),
    dpop: await signIn(target, 'dpop', count),
  };
  const rounds: Round[] = [];
  for (const kind of ['bearer', 'dpop'] as const) {
    await runRound(kind, { issuer, sessions, options, seconds: warmUpSeconds });
  }
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const kind of ['bearer', 'dpop'] as const) {
      const result = await runRound(kind, { issuer, sessions, options, seconds: options.secondsPerRound });
      rounds.push(result);
      report.say(`  round ${round} ${kind}: ${described(result)}`);
    }
  }
  return rounds;
}

interface RoundInput {
  readonly issuer: URL;
  readonly sessions: Readonly<Partial<Record<Kind, LoadSession[]>>>;
  readonly options: LoadOptions;
  readonly seconds: number;
}

/** All sessions of the kind, each connection with its share of them. */
export async function runRound(kind: Kind, input: RoundInput): Promise<Round> {
  const { issuer, sessions, options, seconds } = input;
  const before = signingRate();
  const mine = sessions[kind] ?? [];
  const share = options.sessionsPerConnection;
  const connections = await Promise.all(
    Array.from({ length: options.connections }, (_, index) =>
      LoadConnection.open(issuer, mine.slice(index * share, (index + 1) * share)),
    ),
  );
  const seen: Seen = { latencies: [], errors: 0 };
  const cpuBefore = await cpuSeconds(issuer);
  const startedAt = performance.now();
  await Promise.all(connections.map((connection) => connection.runUntil(startedAt + seconds * 1000, seen)));
  const elapsed = (performance.now() - startedAt) / 1000;
  const cpu = (await cpuSeconds(issuer)) - cpuBefore;
  for (const connection of connections) connection.close();
  const after = signingRate();
  const sorted = seen.latencies.sort((a, b) => a - b);
  const { errors, firstError } = seen;
  return {
    kind,
    perSecond: (sorted.length - errors) / elapsed,
    p50Ms: atShare(sorted, 0.5),
    p99Ms: atShare(sorted, 0.99),
    errors,
    ...(firstError === undefined ? {} : { firstError }),
    signaturesPerSecond: (before + after) / 2,
    cpuMicros: (cpu * 1e6) / Math.max(1, sorted.length),
  };
}

export function described({ perSecond, p50Ms, p99Ms, errors, cpuMicros }: Round): string {
  const latency = `p50 ${p50Ms.toFixed(2)} ms p99 ${p99Ms.toFixed(2)} ms`;
  return `${perSecond.toFixed(0)}/s ${latency} errors ${errors} cpu ${cpuMicros.toFixed(0)} us`;
}

async function cpuSeconds(issuer: URL): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', issuer))).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1] ?? Number.NaN);
}

/** Sessions of people of their own, a few each, signed in through the hosted page. */
export async function signIn(target: Target, kind: Kind, count: number): Promise<LoadSession[]> {
  const as = await discover(target.issuer);
  const sessions: LoadSession[] = [];
  while (sessions.length < count) {
    const person = {
      username: `load-${randomBytes(8).toString('hex')}@example.org`,
      password: 'load load load load',
    };
    await target.operator.openAccount(person);
    for (let index = 0; index < sessionsPerPerson && sessions.length < count; index += 1) {
      const bound = kind === 'dpop';
      const key = bound ? await newDeviceKey() : undefined;
      const app = new App({ as, registration: bound ? demoPhone : demoBearer, key });
      const { refreshToken, accessToken } = await app.signIn(person);
      const fast = key && new ProofSigner(new URL('/token', target.issuer).href, key.privateKey);
      sessions.push({
        clientId: app.options.registration.clientId,
        key: fast,
        refreshToken,
        accessToken,
        nonce: app.network.nonce,
      });
    }
  }
  return sessions;
}
