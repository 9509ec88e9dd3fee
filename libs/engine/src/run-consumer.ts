// Runs a consumer of the bus: each event once, by checkpoint; an account whose event cannot be handled is set
// aside, in order, and handled again when somebody says so.
import type { BatchHandler, BusBatch } from './bus.js';
import type { ConsumerCheckpoint } from './consumer-checkpoints.js';
import type { ConsumerParts } from './consumer-parts.js';
import { KnownHead } from './known-head.js';
import { parkingViews, partitionOwner } from './parking.js';
import type { ParkedKey } from './parking.js';
import { PartitionRun } from './partition-run.js';

const defaultMaxParked = 100;
const stoppedMs = 1_000;
const tendEveryMs = 1_000;

export class ConsumerRunner implements BatchHandler {
  private readonly runs = new Map<number, PartitionRun>();
  private readonly toUnpark = new Set<string>();
  private isStopped = false;
  private readonly head: KnownHead;

  constructor(private readonly parts: ConsumerParts) {
    this.head = new KnownHead(parts.ports.head);
  }

  /** Follows the topic until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { topic, group, failed } = this.parts.settings;
    await this.parts.ports.bus.consume({ topic, group, handler: this, failed }, signal);
  }

  /** The accounts that are set aside in partitions of this process. */
  parked(): readonly ParkedKey[] {
    return [...this.runs.values()].flatMap((run) => [...run.parked.values()]);
  }

  /**
   * Handles what was set aside of the account again, in order, before anything newer of its partition; one
   * whose event fails again stays aside. False when no partition of this process has set it aside.
   */
  unpark(key: string): boolean {
    const isHere = this.parked().some((parked) => parked.key === key);
    if (isHere) this.toUnpark.add(key);
    return isHere;
  }

  async assigned(partition: number): Promise<string | null> {
    const { work, ports } = this.parts;
    this.runs.delete(partition);
    const checkpoint = await ports.checkpoints.assign(work.name, work.generation, partition);
    const parked = await this.loadParked(partition);
    await work.assigned?.(partition);
    const start = { partition, checkpoint, parked, head: this.head };
    this.runs.set(partition, new PartitionRun(this.parts, start));
    this.parts.observer.parked?.(partition, [...parked.keys()]);
    return startOf(checkpoint);
  }

  async handle(batch: BusBatch, alive: () => Promise<void>): Promise<void> {
    const run = this.runOf(batch.partition);
    await this.drain(run);
    if (run.untendedMs >= tendEveryMs) await run.tend();
    await this.whileStopped(run, alive);
    await run.handle(batch, alive);
  }

  async idle(partition: number): Promise<void> {
    const run = this.runs.get(partition);
    if (run === undefined) return;
    await this.drain(run);
    await run.tend();
    await this.parts.work.idle?.(partition);
  }

  private async drain(run: PartitionRun): Promise<void> {
    for (const key of this.toUnpark) {
      if (!run.parked.has(key)) continue;
      this.toUnpark.delete(key);
      await run.drain(key);
    }
  }

  /** Holds the batch while too many accounts are aside: what fails them all would fail the rest too. */
  private async whileStopped(run: PartitionRun, alive: () => Promise<void>): Promise<void> {
    const { settings, observer } = this.parts;
    const maxParked = settings.maxParked ?? defaultMaxParked;
    while (this.parked().length > maxParked) {
      if (!this.isStopped) observer.stopped?.(true);
      this.isStopped = true;
      await new Promise((resolve) => {
        setTimeout(resolve, stoppedMs);
      });
      await alive();
      await this.drain(run);
      await run.tend();
    }
    if (this.isStopped) observer.stopped?.(false);
    this.isStopped = false;
  }

  private runOf(partition: number): PartitionRun {
    const run = this.runs.get(partition);
    if (run === undefined) throw new Error(`partition ${partition} was not assigned`);
    return run;
  }

  private async loadParked(partition: number): Promise<Map<string, ParkedKey>> {
    const { work, ports } = this.parts;
    const owner = partitionOwner(partition);
    const rows = await ports.views.list(parkingViews(work).keys, work.generation, owner);
    const parked = rows.map(({ body }) => body as unknown as ParkedKey);
    return new Map(parked.map((one) => [one.key, one]));
  }
}

function startOf({ nextOffset }: ConsumerCheckpoint): string | null {
  return nextOffset === '0' ? null : nextOffset;
}
