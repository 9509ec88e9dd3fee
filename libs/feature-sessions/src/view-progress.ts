// How far the views are, so that a query can wait for a write it knows of, and operators see the lag.
import type { Position } from '@sallyport/engine';

export interface ViewLag {
  /** Events in the store that the views do not show yet, as far as positions tell. */
  readonly events: number;
  /** Age of what the views show, in seconds; 0 when they show everything. */
  readonly seconds: number;
}

export abstract class ViewProgress {
  /** The position up to which the views are folded; `null` when nothing is, or nothing is known yet. */
  abstract position(): Position | null;

  /** Resolves true as soon as the views show the position, false when they do not within the budget. */
  abstract waitFor(position: Position, budgetMs: number): Promise<boolean>;

  /** How far the views are behind the store now. Rejects with `store_unavailable`. */
  abstract lag(): Promise<ViewLag>;
}
