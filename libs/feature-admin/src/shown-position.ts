// How far operators can have seen; another part of the service knows.
import type { Position } from '@sallyport/engine';

export abstract class ShownPosition {
  /** The position up to which the views show the account; `null` when nothing is known. */
  abstract position(accountId: string): Position | null | Promise<Position | null>;
}
