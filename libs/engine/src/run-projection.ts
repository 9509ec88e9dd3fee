// Runs projections: folds the feed into view rows by checkpoint, each event once, and follows the live tail.
import { isEngineError } from './errors.js';
import { comparePositions } from './event.js';
import type { Position, RecordedEvent } from './event.js';
import type { Feed } from './feed.js';
import { pause } from './pause.js';
import type { Clock } from './ports.js';
import { foldRows, touchedKeys } from './projection.js';
import type { LoadedRows, Projection } from './projection.js';
import type { ViewStore } from './view-store.js';

export interface ProjectionPorts {
  readonly feed: Feed;
  readonly views: ViewStore;
  readonly clock: Clock;
}

/** Where a projection stands. */
export interface ProjectionProgress {
  readonly position: Position | null;
  /** Distance to the store's head in positions: events, where the store numbers those. 0 when caught up. */
  readonly lagEvents: number;
  /** Age of the last event folded while there are more, in milliseconds; 0 when caught up. */
  readonly lagMs: number;
}

export interface ProjectionOptions {
  /** Ends the run when the batch in hand is committed. */
  readonly signal: AbortSignal;
  /** Events folded in one transaction at most; 500 by default. */
  readonly batchSize?: number;
  /**
   * From the start of a batch that was not full to the start of the next, milliseconds; 0 by default. While
   * events trickle in, the views' file is then written once for all that came within this time.
   */
  readonly paceMs?: number;
  /** Told after each batch, and at least once a second while there is nothing to do. */
  progressed?(progress: ProjectionProgress): void;
  /** Told when a port failed and the run waits before it tries again. */
  failed?(error: unknown, retryInMs: number): void;
}

const defaultBatchSize = 500;
const idleReportMs = 1_000;
const firstRetryMs = 50;
const lastRetryMs = 5_000;

/**
 * Follows the feed from the checkpoint on until the signal aborts. A failing port is waited for, nothing is
 * skipped. Rejects only when an event cannot be folded, which no wait would mend: its batch is not written.
 */
export async function runProjection(
  projection: Projection,
  ports: ProjectionPorts,
  options: ProjectionOptions,
): Promise<void> {
  await runProjections([projection], ports, options);
}

/**
 * The same for several projections on one feed: each event is read once for all of them. Each has rows and a
 * checkpoint of its own; one whose commit failed is waited for, and takes up where it stood.
 */
export async function runProjections(
  projections: readonly Projection[],
  ports: ProjectionPorts,
  options: ProjectionOptions,
): Promise<void> {
  await new ProjectionRun(projections, ports, options).follow(() => false);
}

/** Deletes the projection's rows and folds them again, to the head the store has now; resolves with it. */
export async function rebuildProjection(
  projection: Projection,
  ports: ProjectionPorts,
  options: ProjectionOptions,
): Promise<Position | null> {
  await ports.views.reset(projection.name, projection.generation, projection.views);
  const head = await ports.feed.head();
  return new ProjectionRun([projection], ports, options).follow((at) => comparePositions(at, head) >= 0);
}

/** A projection and its checkpoint. */
interface Follower {
  readonly projection: Projection;
  /** Undefined: not known, read it from the store. */
  checkpoint: Position | null | undefined;
}

class ProjectionRun {
  private readonly followers: readonly Follower[];
  private retryMs = firstRetryMs;
  /** No batch starts before; milliseconds of the clock. */
  private notBeforeMs = 0;

  constructor(
    projections: readonly Projection[],
    private readonly ports: ProjectionPorts,
    private readonly options: ProjectionOptions,
  ) {
    this.followers = projections.map((projection) => ({ projection, checkpoint: undefined }));
  }

  async follow(isDone: (position: Position | null) => boolean): Promise<Position | null> {
    let from: Position | null | undefined = null;
    while (!this.options.signal.aborted) {
      from = await this.withPorts(() => this.place());
      if (from === undefined) continue;
      if (isDone(from)) return from;
      const since: Position | null = from;
      const events = await this.withPorts(() => this.next(since));
      if (events === undefined || events.length === 0) continue;
      for (const follower of this.followers) await this.foldBatch(follower, events);
      await this.withPorts(() => this.tell(events));
    }
    return from ?? null;
  }

  /** The checkpoint of the projection that is furthest back. */
  private async place(): Promise<Position | null> {
    const places: (Position | null)[] = [];
    for (const follower of this.followers) {
      const { name, generation } = follower.projection;
      const known = follower.checkpoint;
      const place = known === undefined ? await this.ports.views.checkpoint(name, generation) : known;
      follower.checkpoint = place;
      places.push(place);
    }
    return places.reduce((least, place) => (comparePositions(place, least) < 0 ? place : least));
  }

  /** The next events; none after a wait in which none came. */
  private async next(from: Position | null): Promise<readonly RecordedEvent[]> {
    const startMs = this.ports.clock.now();
    const earlyMs = Math.min(this.notBeforeMs - startMs, this.paceMs);
    if (earlyMs > 0) await pause(earlyMs, this.options.signal);
    const events = await this.ports.feed.read(from, this.batchSize);
    const full = events.length >= this.batchSize;
    this.notBeforeMs = full ? 0 : startMs + Math.max(0, earlyMs) + this.paceMs;
    if (events.length > 0) return events;
    this.retryMs = firstRetryMs;
    this.options.progressed?.({ position: from, lagEvents: 0, lagMs: 0 });
    await this.ports.feed.wait(from, idleReportMs, this.options.signal);
    return [];
  }

  /** Loads each touched row once, folds, and writes each changed row once. Throws what a handler throws. */
  private async foldBatch(follower: Follower, batch: readonly RecordedEvent[]): Promise<void> {
    const { projection, checkpoint: from } = follower;
    if (from === undefined) return;
    const events = eventsAfter(from, batch);
    if (events.length === 0) return;
    const touched = touchedKeys(projection, events);
    const rows = await this.withPorts(() => this.load(projection, touched));
    if (rows === undefined) return;
    const changes = foldRows(projection, events, rows);
    const { name, generation } = projection;
    const { position: to } = events.at(-1) as RecordedEvent;
    await this.withPorts(async () => {
      await this.ports.views.commit({ projection: name, generation, from, to, changes });
      follower.checkpoint = to;
      this.retryMs = firstRetryMs;
    });
  }

  private async load(
    { generation }: Projection,
    touched: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<LoadedRows> {
    const rows: LoadedRows = new Map();
    for (const [view, keys] of touched) {
      const found = await this.ports.views.load(view, generation, [...keys]);
      rows.set(view, new Map([...keys].map((key) => [key, found.get(key)])));
    }
    return rows;
  }

  /** Tells how far all are, unless one of them has to take up again. */
  private async tell(events: readonly RecordedEvent[]): Promise<void> {
    if (this.options.progressed === undefined) return;
    if (this.followers.some(({ checkpoint }) => checkpoint === undefined)) return;
    const { position, recordedAt } = events.at(-1) as RecordedEvent;
    const lagEvents = events.length < this.batchSize ? 0 : distance(position, await this.ports.feed.head());
    const lagMs = lagEvents === 0 ? 0 : Math.max(0, this.ports.clock.now() - Date.parse(recordedAt));
    this.options.progressed({ position, lagEvents, lagMs });
  }

  /**
   * Work on the ports. After an error the checkpoints are read again, as a commit may have counted, and the
   * wait grows. A checkpoint that another writer moved means that its batch was this one: go on from there.
   */
  private async withPorts<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      for (const follower of this.followers) follower.checkpoint = undefined;
      if (isEngineError(error, 'checkpoint_moved')) return undefined;
      const delayMs = this.retryMs;
      this.retryMs = Math.min(delayMs * 2, lastRetryMs);
      this.options.failed?.(error, delayMs);
      await pause(delayMs, this.options.signal);
      return undefined;
    }
  }

  private get batchSize(): number {
    return this.options.batchSize ?? defaultBatchSize;
  }

  private get paceMs(): number {
    return this.options.paceMs ?? 0;
  }
}

function eventsAfter(from: Position | null, batch: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const isNew = ({ position }: RecordedEvent): boolean => comparePositions(position, from) > 0;
  const [first] = batch;
  return first !== undefined && isNew(first) ? batch : batch.filter(isNew);
}

function distance(position: Position, head: Position | null): number {
  return head === null ? 0 : Math.max(0, Number(BigInt(head) - BigInt(position)));
}
