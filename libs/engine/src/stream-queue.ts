// Lets the commands on one stream run one at a time in this process, and bounds how many wait.
import { EngineError } from './errors.js';

/** Limits: `perStream` waiting commands on one stream, `total` in the process. */
export interface StreamQueueLimits {
  readonly perStream: number;
  readonly total: number;
}

interface Lane {
  tail: Promise<unknown>;
  length: number;
}

export class StreamQueue {
  private readonly lanes = new Map<string, Lane>();
  private waiting = 0;

  constructor(private readonly limits: StreamQueueLimits = { perStream: 64, total: 10_000 }) {}

  /** Commands running or waiting, for metrics. */
  get depth(): number {
    return this.waiting;
  }

  /** Runs the task after all earlier ones of its stream. Rejects with `queue_full` at a limit. */
  run<T>(stream: string, task: () => Promise<T>): Promise<T> {
    const lane = this.lanes.get(stream);
    const full = this.waiting >= this.limits.total || (lane?.length ?? 0) >= this.limits.perStream;
    if (full) return Promise.reject(new EngineError('queue_full', { stream }));
    this.waiting += 1;
    if (lane === undefined) return this.start(stream, task);
    lane.length += 1;
    const turn = (): Promise<T> => this.perform({ stream, lane, task });
    const result = lane.tail.then(turn, turn);
    lane.tail = result;
    return result;
  }

  private start<T>(stream: string, task: () => Promise<T>): Promise<T> {
    const lane: Lane = { tail: Promise.resolve(), length: 1 };
    this.lanes.set(stream, lane);
    const result = this.perform({ stream, lane, task });
    lane.tail = result;
    return result;
  }

  /** One task; whatever becomes of it, its place is free afterwards. */
  private async perform<T>(work: { stream: string; lane: Lane; task: () => Promise<T> }): Promise<T> {
    const { stream, lane, task } = work;
    try {
      return await task();
    } finally {
      this.waiting -= 1;
      lane.length -= 1;
      if (lane.length === 0) this.lanes.delete(stream);
    }
  }
}
