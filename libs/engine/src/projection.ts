// A projection: which events change which rows of which views, and how; and the fold of a batch of events.
import type { RecordedEvent } from './event.js';
import type { ViewCommit, ViewRow } from './view-store.js';

export interface RowKey {
  readonly view: string;
  readonly key: string;
}

/** The rows a batch touches, as the events before have left them. */
export interface ProjectionRows {
  /** The row, or undefined. Throws for a row that no event of the batch named in `touches`. */
  get(view: string, key: string): ViewRow | undefined;
  put(view: string, row: ViewRow): void;
  delete(view: string, key: string): void;
}

/** How one type of event changes the views. Pure: rows are replaced, never changed in place. */
export interface ProjectionHandler {
  /** The rows that `apply` reads or writes. */
  touches(event: RecordedEvent): readonly RowKey[];
  apply(event: RecordedEvent, rows: ProjectionRows): void;
}

/** A set of views folded together. A new shape is a new generation, built beside the live one. */
export interface Projection {
  readonly name: string;
  readonly generation: number;
  readonly views: readonly string[];
  /** By event type: the keys are the events this projection handles. */
  readonly handlers: { readonly [eventType: string]: ProjectionHandler };
  /** By event type: why it changes nothing here. A type in neither list stops the projection. */
  readonly ignored: { readonly [eventType: string]: string };
}

/** The rows that a batch touches, by view and key; undefined where there is none. */
export type LoadedRows = Map<string, Map<string, ViewRow | undefined>>;

/** The keys of the rows that the events touch, by view. */
export function touchedKeys(
  projection: Projection,
  events: readonly RecordedEvent[],
): Map<string, Set<string>> {
  const touched = new Map<string, Set<string>>();
  for (const event of events) {
    for (const { view, key } of handlerOf(projection, event)?.touches(event) ?? []) {
      const keys = touched.get(view);
      if (keys === undefined) touched.set(view, new Set([key]));
      else keys.add(key);
    }
  }
  return touched;
}

/** Folds the events in order into the rows, which hold every row touched; returns each changed row once. */
export function foldRows(
  projection: Projection,
  events: readonly RecordedEvent[],
  rows: LoadedRows,
): ViewCommit['changes'] {
  const held = new HeldRows(rows);
  for (const event of events) handlerOf(projection, event)?.apply(event, held);
  return held.changes();
}

class HeldRows implements ProjectionRows {
  private readonly changed = new Map<string, Map<string, ViewRow | null>>();

  constructor(private readonly rows: LoadedRows) {}

  get(view: string, key: string): ViewRow | undefined {
    const loaded = this.loaded(view, key);
    const changed = this.changed.get(view)?.get(key);
    return changed === undefined ? loaded : (changed ?? undefined);
  }

  put(view: string, row: ViewRow): void {
    this.change(view, row.key, row);
  }

  delete(view: string, key: string): void {
    this.change(view, key, null);
  }

  changes(): ViewCommit['changes'] {
    return [...this.changed].flatMap(([view, rows]) => [...rows].map(([key, row]) => ({ view, key, row })));
  }

  private change(view: string, key: string, row: ViewRow | null): void {
    this.loaded(view, key);
    const rows = this.changed.get(view) ?? new Map<string, ViewRow | null>();
    this.changed.set(view, rows.set(key, row));
  }

  private loaded(view: string, key: string): ViewRow | undefined {
    const rows = this.rows.get(view);
    if (rows?.has(key) !== true) throw new Error(`row ${key} of view ${view} is not in touches`);
    return rows.get(key);
  }
}

function handlerOf(
  { name, handlers, ignored }: Projection,
  { type }: RecordedEvent,
): ProjectionHandler | undefined {
  const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
  if (handler !== undefined || Object.hasOwn(ignored, type)) return handler;
  throw new Error(`projection ${name} neither handles nor ignores ${type}: its writer is newer`);
}
