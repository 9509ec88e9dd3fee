// How far the store is known to reach, for all partitions of a consumer.
import { comparePositions } from './event.js';
import type { Position } from './event.js';

export class KnownHead {
  private known: Position | null = null;

  /** Without a way to read the head no position is taken to be beyond it. */
  constructor(private readonly read: (() => Promise<Position | null>) | undefined) {}

  /** Whether the store ends before the position. Asks the store only where it was not known to reach it. */
  async isBefore(position: Position): Promise<boolean> {
    if (this.read === undefined || comparePositions(position, this.known) <= 0) return false;
    const head = await this.read();
    if (comparePositions(head, this.known) > 0) this.known = head;
    return comparePositions(position, this.known) > 0;
  }
}
