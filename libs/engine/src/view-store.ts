// The port to view tables: rows of JSON by key, found by owner, written together with their checkpoint.
import type { JsonObject, Position } from './event.js';

export interface ViewRow {
  readonly key: string;
  /** What rows are listed by, e.g. the account id. */
  readonly owner: string;
  readonly body: JsonObject;
}

export interface ViewCommit {
  readonly projection: string;
  readonly generation: number;
  /** The checkpoint this batch was folded from (`null`: nothing folded yet) and the one it leads to. */
  readonly from: Position | null;
  readonly to: Position;
  readonly changes: readonly { readonly view: string; readonly key: string; readonly row: ViewRow | null }[];
}

/** A part of a view's rows, from the end: keys below `before` (from the last for none), at most `limit`. */
export interface ViewPage {
  /** Whose rows; everybody's where absent. */
  readonly owner?: string;
  readonly before?: string;
  readonly limit: number;
}

/** A view's name is a lower-case letter and up to 39 of `a-z`, `0-9`, `-` and `_`. */
export abstract class ViewStore {
  /** The position up to which the projection is folded; `null` before its first commit. */
  abstract checkpoint(projection: string, generation: number): Promise<Position | null>;

  /** The rows of a view with these keys; absent keys are absent from the map. */
  abstract load(view: string, generation: number, keys: readonly string[]): Promise<Map<string, ViewRow>>;

  /** The owner's rows of a view, ordered by key. */
  abstract list(view: string, generation: number, owner: string): Promise<ViewRow[]>;

  /** The last rows of a view, or of one owner in it, as many as the page may hold, highest key first. */
  abstract page(view: string, generation: number, page: ViewPage): Promise<ViewRow[]>;

  /**
   * Writes all changes (a `null` row deletes) and the checkpoint in one transaction, or nothing. Rejects with
   * `checkpoint_moved` when the stored checkpoint is not `from`.
   */
  abstract commit(commit: ViewCommit): Promise<void>;

  /** Deletes the rows and the checkpoint of one generation of a projection and its views. */
  abstract reset(projection: string, generation: number, views: readonly string[]): Promise<void>;
}
