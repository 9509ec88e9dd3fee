// A queue with two limits: how many run at once, and how many may wait for their turn.
import { EngineError } from '@sallyport/engine';

export class BoundedQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(private readonly limits: { readonly running: number; readonly waiting: number }) {}

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs the work in its turn, first come, first served. Rejects at once with `queue_full` when too many
   * wait.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place passes on to the next in line, so nobody who comes in between can take it.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#running < this.limits.running) {
      this.#running += 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.limits.waiting) return Promise.reject(new EngineError('queue_full'));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
