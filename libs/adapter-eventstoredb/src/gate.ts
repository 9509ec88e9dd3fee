// Bounds the calls that are under way at once, and how many may wait for their turn.
import { EngineError } from '@sallyport/engine';
import { CallTimeout } from './errors.js';

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: Error) => void;
}

export class Gate {
  private inside = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(
    private readonly maxInside: number,
    private readonly maxWaiting: number,
  ) {}

  /** Calls under way or waiting, for metrics. */
  get depth(): number {
    return this.inside + this.waiting.size;
  }

  /**
   * Resolves when it is this call's turn, first come first served. Rejects with `queue_full` at the bound,
   * and with `store_unavailable` when the turn does not come in time: nothing was sent then.
   */
  enter(timeoutMs: number): Promise<void> | undefined {
    if (this.inside < this.maxInside) {
      this.inside += 1;
      return undefined;
    }
    if (this.waiting.size >= this.maxWaiting) return Promise.reject(new EngineError('queue_full'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(one);
        reject(new EngineError('store_unavailable', {}, { cause: new CallTimeout(timeoutMs) }));
      }, timeoutMs);
      const one: Waiting = {
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
        refuse: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.waiting.add(one);
    });
  }

  /** To be called once for each turn that was taken. */
  leave(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.inside -= 1;
      return;
    }
    this.waiting.delete(next);
    next.enter();
  }

  /** Refuses all that wait. */
  refuseWaiting(error: Error): void {
    for (const one of this.waiting) one.refuse(error);
    this.waiting.clear();
  }
}
