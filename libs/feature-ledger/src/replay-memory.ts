// Remembers proof ids in memory, for the time their nonces are accepted, where events do not.
import type { Clock } from '@sallyport/engine';

/** Keeps ids for `keepMs` at least, unless it is full: then the oldest half is forgotten. */
export class ReplayMemory {
  private young = new Set<string>();
  private old = new Set<string>();
  private turnedAtMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly keepMs: number,
    private readonly maxEntries = 200_000,
  ) {
    this.turnedAtMs = clock.now();
  }

  /** Whether the id was noted. */
  has(proofHash: string): boolean {
    return this.young.has(proofHash) || this.old.has(proofHash);
  }

  /** False when the id was here before; takes note of it otherwise. */
  firstUse(proofHash: string): boolean {
    this.turn();
    if (this.has(proofHash)) return false;
    this.young.add(proofHash);
    return true;
  }

  private turn(): void {
    const now = this.clock.now();
    const due = now - this.turnedAtMs >= this.keepMs;
    if (!due && this.young.size < this.maxEntries / 2) return;
    this.old = this.young;
    this.young = new Set();
    this.turnedAtMs = now;
  }
}
