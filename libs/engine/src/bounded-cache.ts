// A cache with a limit: two generations of a Map, the older dropped whole, so that a hit costs one look-up.

/** Holds at least the last `limit / 2` and at most `limit` entries used. */
export class BoundedCache<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  readonly #half: number;

  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get(key: string): V | undefined {
    const found = this.#young.get(key);
    if (found !== undefined) return found;
    const aged = this.#old.get(key);
    if (aged === undefined) return undefined;
    this.set(key, aged);
    return aged;
  }

  set(key: string, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** An upper bound: what was used again lately counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
