// The two measures of the relay: how much it carries, and how soon a reader has it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Leases } from '@sallyport/engine';
import type { Bus, LeaseTaken } from '@sallyport/engine';
import { Relay } from '@sallyport/feature-relay';
import type { RelayObserver, RelayPorts } from '@sallyport/feature-relay';
import type { Report } from '../report.js';
import { MadeFeed } from './made-feed.js';
import { ReaderProcess } from './reader-process.js';

/** Events that a relay with nothing else to do publishes first, so that what is measured is not its start. */
const warmUpEvents = 5_000;

/** At the rate that is measured: a broker's JVM compiles what transactions need for some ten seconds. */
const warmUpSeconds = 20;

/** Topics that hold nothing yet. */
export interface BenchTopics {
  readonly events: string;
  readonly network: string;
}

export interface BenchParts {
  readonly bus: Bus;
  readonly topics: BenchTopics;
}

/** What is relayed. */
export type Source = Pick<RelayPorts, 'feed' | 'store'>;

export interface Throughput {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly transactionMs: readonly number[];
}

/** How soon the rest of so many events, which the source has, is relayed once a few thousand are. */
export async function throughput(
  parts: BenchParts,
  source: Source,
  { count, report }: { readonly count: number; readonly report: Report },
): Promise<Throughput> {
  const transactionMs: number[] = [];
  let published = 0;
  const relay = startRelay(parts, source, {
    published: (transaction) => {
      published += transaction.events;
      if (transaction.events === 1_000) transactionMs.push(transaction.tookMs);
    },
    failed: (error) => report.say(`  failed: ${String(error)}`),
  });
  await until(() => published >= warmUpEvents);
  const [before, startedAt, cpuAtStart] = [published, performance.now(), process.cpuUsage()];
  transactionMs.length = 0;
  await until(() => published >= count);
  const perSecond = ((published - before) / (performance.now() - startedAt)) * 1_000;
  const { user, system } = process.cpuUsage(cpuAtStart);
  await relay.stop();
  return { perSecond, cpuMicros: (user + system) / (published - before), transactionMs };
}

/** Such a source in this process. Tagged: see `MadeFeed`. */
export function madeSource(count: number, tagged: boolean): Source {
  const feed = new MadeFeed(tagged);
  feed.append(count);
  return sourceOf(feed);
}

/** Events a second, and how long. */
export interface Rate {
  readonly rate: number;
  readonly seconds: number;
}

/** From the append to a member of another group, in a process of its own, that reads what is committed. */
export async function latencies(
  parts: BenchParts & { readonly brokers: string },
  { rate, seconds }: Rate,
): Promise<{ latencyMs: number[]; outOfPlace: number }> {
  const feed = new MadeFeed(false);
  const reader = new ReaderProcess({ brokers: parts.brokers, topic: parts.topics.events });
  await until(() => reader.seen !== undefined);
  const relay = startRelay(parts, sourceOf(feed), {});
  await appendAt(feed, { rate, seconds: warmUpSeconds });
  const before = Number(await feed.head());
  await appendAt(feed, { rate, seconds });
  await sleep(2_000);
  await relay.stop();
  const { ages, outOfPlace } = await reader.stop();
  const counted = ages.filter(({ revision }) => revision > before);
  return { latencyMs: counted.map(({ ms }) => ms), outOfPlace };
}

async function appendAt(feed: MadeFeed, { rate, seconds }: Rate): Promise<void> {
  const tickMs = 5;
  const startedAt = performance.now();
  for (let appended = 0; appended < rate * seconds;) {
    const elapsedSeconds = (performance.now() - startedAt) / 1_000;
    const due = Math.min(rate * seconds, Math.floor(elapsedSeconds * rate));
    if (due > appended) feed.append(due - appended);
    appended = due;
    await sleep(tickMs);
  }
}

function sourceOf(feed: MadeFeed): Source {
  return { feed, store: { read: (_stream, revision) => feed.event(revision) } };
}

function startRelay({ bus, topics }: BenchParts, source: Source, observer: RelayObserver) {
  const stop = new AbortController();
  const ports = { ...source, bus, leases: new OwnLease(), clock: { now: () => Date.now() } };
  const name = `sallyport-relay-bench-${randomUUID()}`;
  const settings = { name, holder: 'bench', source: 'urn:bench', topics };
  const running = new Relay(ports, settings, observer).run(stop.signal);
  return {
    stop: () => {
      stop.abort();
      return running;
    },
  };
}

/** The bench's one relay has nobody to share with. */
class OwnLease extends Leases {
  async take(name: string, holder: string, ttlMs: number): Promise<LeaseTaken> {
    return { name, holder, epoch: 1, expiresAt: Date.now() + ttlMs };
  }

  async renew(): Promise<boolean> {
    return true;
  }

  async release(): Promise<void> {}
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('nothing came within two minutes');
    await sleep(1);
  }
}
