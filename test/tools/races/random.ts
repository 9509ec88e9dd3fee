// Randomness that a seed repeats, and pauses that let anything else run in between.

/** Mulberry32: small, fast, and the same everywhere for one seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  reseed(seed: number): void {
    this.state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Nothing, a few microtasks, or up to `turns` turns of the event loop. */
  async pause(turns = 3): Promise<void> {
    const kind = this.below(3);
    if (kind === 0) return;
    for (let left = this.below(kind === 1 ? 5 : turns + 1); left > 0; left -= 1) {
      await (kind === 1 ? undefined : new Promise((resolve) => setImmediate(resolve)));
    }
  }
}

/** A seed of its own for each part of a run, so that one part can be repeated alone. */
export function seedOf(seed: number, ...parts: readonly (string | number)[]): number {
  let hash = seed >>> 0;
  for (const character of parts.join('/')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 16_777_619) >>> 0;
  }
  return hash;
}
