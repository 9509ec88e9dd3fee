// The two measures of the relay: how much it carries, and how soon a reader has it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Leases, recordedEvent } from '@sallyport/engine';
import type { Bus, BusBatch, LeaseTaken } from '@sallyport/engine';
import { Relay } from '@sallyport/feature-relay';
import type { RelayObserver, RelayPorts } from '@sallyport/feature-relay';
import type { Report } from '../report.js';
import { MadeFeed } from './made-feed.js';

/** Events that a relay with nothing else to do publishes first, so that what is measured is not its start. */
const warmUpEvents = 5_000;

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

/** From the append to a member of another group that reads what is committed. */
export async function latencies(
  parts: BenchParts,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<{ latencyMs: number[]; outOfPlace: number }> {
  const feed = new MadeFeed(false);
  const appendedAt: number[] = [];
  const latencyMs: number[] = [];
  const stop = new AbortController();
  let [isReading, seen, outOfPlace] = [false, 0, 0];
  const handler = {
    assigned: async () => null,
    idle: async () => {
      isReading = true;
    },
    handle: async ({ records }: BusBatch) => {
      const now = performance.now();
      for (const record of records) {
        const { revision, data, ...event } = recordedEvent(record);
        seen += 1;
        if (revision > warmUpEvents) latencyMs.push(now - (appendedAt[revision - 1 - warmUpEvents] ?? 0));
        const [sent] = await feed.event(revision);
        if (sent?.id !== event.id || JSON.stringify(sent.data) !== JSON.stringify(data)) outOfPlace += 1;
      }
    },
  };
  const consumption = { topic: parts.topics.events, group: `bench-${randomUUID()}`, handler };
  const reading = parts.bus.consume(consumption, stop.signal);
  await until(() => isReading);
  const relay = startRelay(parts, sourceOf(feed), {});
  feed.append(warmUpEvents);
  await until(() => seen >= warmUpEvents);
  const tickMs = 5;
  const startedAt = performance.now();
  for (let due = 0; due < rate * seconds;) {
    due = Math.min(rate * seconds, Math.floor(((performance.now() - startedAt) / 1_000) * rate));
    const count = due - appendedAt.length;
    for (let at = 0; at < count; at += 1) appendedAt.push(performance.now());
    if (count > 0) feed.append(count);
    await sleep(tickMs);
  }
  await sleep(2_000);
  await relay.stop();
  stop.abort();
  await reading;
  return { latencyMs, outOfPlace };
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
