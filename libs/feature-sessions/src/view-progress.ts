// How far the views are, so that a query can wait for a write it knows of, and operators see the lag.
import type { Position } from '@sallyport/engine';

export interface ViewLag {
  /** Events in the store that the views do not show yet, as far as positions tell. */
  readonly events: number;
  /** Age of what the views show, in seconds; 0 when they show everything. */
  readonly seconds: number;
}

export abstract class ViewProgress {
  /** The position up to which the account's rows are folded; `null` when nothing is, or nothing is known. */
  abstract position(accountId: string): Position | null | Promise<Position | null>;

  /**
   * Resolves true as soon as the views show all that happened to the account up to the position, false when
   * they do not within the budget. Never rejects.
   */
  abstract waitFor(position: Position, budgetMs: number, accountId: string): Promise<boolean>;

  /** How far the views are behind the store now. Rejects with `store_unavailable`. */
  abstract lag(): Promise<ViewLag>;
}
