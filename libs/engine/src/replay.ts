// Folds projections from the first event up to a position, into views of their own, as fast as it goes.
import { comparePositions } from './event.js';
import type { Position, RecordedEvent } from './event.js';
import type { Feed } from './feed.js';
import { foldRows, touchedKeys } from './projection.js';
import type { LoadedRows, Projection } from './projection.js';
import type { ViewRow, ViewStore } from './view-store.js';

/** A projection and the last position to fold. */
export interface Replay {
  readonly projection: Projection;
  readonly to: Position;
}

export interface ReplayPorts {
  readonly feed: Feed;
  /** Nobody else writes to it, and nobody reads before the replay has ended. */
  readonly views: ViewStore;
}

export interface ReplayOptions {
  /** Rows held in memory, those of all projections together. 60,000 by default: some 150 MB. */
  readonly maxRows?: number;
  progressed?(position: Position, last: Position): void;
}

const defaultMaxRows = 60_000;
const pageSize = 1_000;

/**
 * Resets the views, reads each event once for all projections, and resolves with the number of events read.
 * Rows are held in memory and written when there are too many, not batch by batch: one that changes often is
 * written once. Unlike a live run it waits for nothing: it rejects when a port fails or an event cannot be
 * folded.
 */
export async function replayProjections(
  replays: readonly Replay[],
  ports: ReplayPorts,
  options: ReplayOptions = {},
): Promise<number> {
  const maxRows = Math.ceil((options.maxRows ?? defaultMaxRows) / Math.max(1, replays.length));
  const folds = replays.map((replay) => new ReplayedProjection(replay, ports.views, maxRows));
  for (const fold of folds) await fold.begin();
  const last = replays.map(({ to }) => to).reduce(later, '0');
  let events = 0;
  let after: Position | null = null;
  while (comparePositions(after, last) < 0) {
    const page: readonly RecordedEvent[] = upTo(await ports.feed.read(after, pageSize), last);
    for (const fold of folds) await fold.fold(page);
    events += page.length;
    const end = page.at(-1);
    if (end === undefined) break;
    after = end.position;
    options.progressed?.(after, last);
  }
  for (const fold of folds) await fold.end();
  return events;
}

class ReplayedProjection {
  /** The rows in hand; undefined for one that is known not to be there. */
  private readonly held: LoadedRows = new Map();
  private readonly changed = new Map<string, Set<string>>();
  private heldRows = 0;
  private written: Position | null = null;
  private position: Position | null = null;

  constructor(
    private readonly replay: Replay,
    private readonly views: ViewStore,
    private readonly maxRows: number,
  ) {}

  begin(): Promise<void> {
    const { name, generation, views } = this.replay.projection;
    return this.views.reset(name, generation, views);
  }

  async fold(page: readonly RecordedEvent[]): Promise<void> {
    const { projection, to } = this.replay;
    const events = upTo(page, to);
    const end = events.at(-1);
    if (end === undefined) return;
    for (const [view, keys] of touchedKeys(projection, events)) await this.take(view, keys);
    for (const { view, key, row } of foldRows(projection, events, this.held)) {
      this.held.get(view)?.set(key, row ?? undefined);
      const changed = this.changed.get(view);
      if (changed === undefined) this.changed.set(view, new Set([key]));
      else changed.add(key);
    }
    this.position = end.position;
    if (this.heldRows >= this.maxRows) await this.write();
  }

  end(): Promise<void> {
    return this.write();
  }

  /** Takes the rows into hand that are not there yet. */
  private async take(view: string, keys: ReadonlySet<string>): Promise<void> {
    const rows = this.held.get(view) ?? new Map<string, ViewRow | undefined>();
    this.held.set(view, rows);
    const missing: string[] = [];
    for (const key of keys) if (!rows.has(key)) missing.push(key);
    const found = await this.load(view, missing);
    for (const key of missing) rows.set(key, found?.get(key));
    this.heldRows += missing.length;
  }

  /** Before the first write there is nothing in the store. */
  private async load(view: string, keys: readonly string[]): Promise<Map<string, ViewRow> | undefined> {
    if (this.written === null || keys.length === 0) return undefined;
    return this.views.load(view, this.replay.projection.generation, keys);
  }

  /** Writes what changed, in order of key as the store's index has it, and lets go of all rows. */
  private async write(): Promise<void> {
    const { position: to, written: from } = this;
    if (to === null || to === from) return;
    const { name: projection, generation } = this.replay.projection;
    const changes = [...this.changed].flatMap(([view, keys]) => {
      return [...keys].sort().map((key) => ({ view, key, row: this.held.get(view)?.get(key) ?? null }));
    });
    await this.views.commit({ projection, generation, from, to, changes });
    this.written = to;
    this.changed.clear();
    this.held.clear();
    this.heldRows = 0;
  }
}

function upTo(events: readonly RecordedEvent[], to: Position): readonly RecordedEvent[] {
  const end = events.at(-1);
  if (end === undefined || comparePositions(end.position, to) <= 0) return events;
  return events.filter(({ position }) => comparePositions(position, to) <= 0);
}

function later(one: Position, other: Position): Position {
  return comparePositions(one, other) < 0 ? other : one;
}
