// Relays die under a live stream of events, and two believe in their lease at once; what readers find.
import { setTimeout as sleep } from 'node:timers/promises';
import { Machines } from '../../engines/machines.js';
import { LedgerImage } from '../prove/ledger-image.js';
import { Random } from '../races/random.js';
import type { Report } from '../report.js';
import type { AppProcess } from '../stack/app-process.js';
import { checkAnswers, checkTopics, checkTopicSoFar, withFeed } from './afterwards.js';
import { WatchedLoad } from './watched-load.js';

export interface RelaysRun {
  readonly seed: number;
  /** One in two while relays keep to their lease, the others while two believe in theirs at once. */
  readonly kills: number;
  readonly report: Report;
}

export type RelayCounts = Readonly<
  Record<'kills' | 'answers' | 'putOff' | 'lost' | 'signIns' | 'fenced' | 'systemEvents' | 'events', number>
>;

const size = { keyBound: 8, bearer: 0 };
const restMs = 20;
const leadsWithinMs = 60_000;
const aliveMs = { least: 100, most: 1_200 };

/** So that the time after a crash is not most of the run; 15 s are usual. */
const leaseOf = { SALLYPORT_RELAY_LEASE_SECONDS: '2' };
const believing = { SALLYPORT_TEST_LEASE: 'always' };

/** Resolves with what it counted. */
export async function runRelays({ seed, kills, report }: RelaysRun): Promise<RelayCounts> {
  const machines = await Machines.start({ workers: [], partitions: 4 });
  try {
    const load = await WatchedLoad.start(machines.target, size, restMs);
    const scene = new RelayKills(machines, new Random(seed));
    await scene.startTwo(leaseOf);
    await scene.publishes();
    await checkTopicSoFar(machines, 'before', report);
    const withLease = Math.ceil(kills / 2);
    for (let kill = 0; kill < withLease; kill += 1) await scene.killLeading(leaseOf);
    await checkTopicSoFar(machines, `after ${withLease} kills`, report);
    await scene.replaceAll(believing);
    for (let kill = withLease; kill < kills; kill += 1) await scene.killLeading(believing);
    await scene.publishes();
    await load.stop();
    report.check(`two that believe in their lease fenced each other`, scene.fenced > 0, scene.fenced);
    const ledger = await withFeed(machines, (feed) => LedgerImage.of(feed));
    checkAnswers(load, ledger, report);
    await checkTopics(machines, ledger, report);
    const ended = machines.ended();
    report.check('no relay ended by itself', ended.length === 0, ended);
    const systemEvents = ledger.log.filter(({ partitionKey }) => partitionKey === '*').length;
    const { killed, fenced } = scene;
    return { kills: killed, ...load.counted, fenced, systemEvents, events: ledger.events };
  } finally {
    await machines.dispose();
  }
}

class RelayKills {
  killed = 0;
  private fencedBefore = 0;

  constructor(
    private readonly machines: Machines,
    private readonly random: Random,
  ) {}

  /** How often relays wrote that another one had fenced them. */
  get fenced(): number {
    return this.machines.workers.reduce((sum, relay) => sum + fencesOf(relay), this.fencedBefore);
  }

  async startTwo(env: Readonly<Record<string, string>>): Promise<void> {
    await Promise.all([this.machines.startWorker('relay', env), this.machines.startWorker('relay', env)]);
  }

  /** Others, with other settings, take the place of all. */
  async replaceAll(env: Readonly<Record<string, string>>): Promise<void> {
    for (const relay of this.machines.workers.slice()) await this.end(relay);
    await this.startTwo(env);
  }

  /** `kill -9` of a relay in the middle of publishing; another one is started, and somebody goes on. */
  async killLeading(env: Readonly<Record<string, string>>): Promise<void> {
    const { operator } = this.machines.replicas;
    await this.publishes();
    await sleep(aliveMs.least + this.random.next() * (aliveMs.most - aliveMs.least));
    // An event of the system goes to every partition.
    await operator.rotateRefreshKey();
    const leading = await this.leading();
    await this.end(leading);
    this.killed += 1;
    await this.machines.startWorker('relay', env);
  }

  /** Resolves when a relay has published something since. */
  async publishes(): Promise<void> {
    const published = async (): Promise<number> => {
      const { workers } = this.machines;
      const name = 'sallyport_relay_events_total';
      const counts = await Promise.all(workers.map((relay) => metricOf(relay, name)));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const before = await published();
    const deadline = performance.now() + leadsWithinMs;
    while ((await published()) <= before) {
      if (performance.now() > deadline) throw new Error(`no relay publishes: ${this.outputs()}`);
      await sleep(20);
    }
  }

  /** One of those that lead; of two that do, either. */
  private async leading(): Promise<AppProcess> {
    const deadline = performance.now() + leadsWithinMs;
    while (performance.now() < deadline) {
      const leading: AppProcess[] = [];
      for (const relay of this.machines.workers) {
        if ((await metricOf(relay, 'sallyport_relay_leading')) === 1) leading.push(relay);
      }
      if (leading.length > 0) return this.random.pick(leading);
      await sleep(20);
    }
    throw new Error(`no relay leads: ${this.outputs()}`);
  }

  private async end(relay: AppProcess): Promise<void> {
    this.fencedBefore += fencesOf(relay);
    await this.machines.kill(relay);
  }

  private outputs(): string {
    return this.machines.workers.map((relay) => relay.output().slice(-1_000)).join('\n');
  }
}

function fencesOf(relay: AppProcess): number {
  return relay.output().split('"fenced"').length - 1;
}

/** 0 where it does not say it yet. */
async function metricOf({ url }: AppProcess, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}
