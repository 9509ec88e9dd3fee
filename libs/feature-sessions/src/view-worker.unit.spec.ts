// What the keeper of the views' thread promises: it waits, measures, restarts, stops. The thread is a double.
import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { ViewWorker } from './index.js';
import type { ViewThread, ViewWorkerReport } from './index.js';

/** Double of a worker thread: the test says what it posts and when it dies. */
class Thread extends EventEmitter {
  readonly orders: unknown[] = [];

  post(position: string | null, lagMs = 0): void {
    const report: ViewWorkerReport = { kind: 'progress', position, lagEvents: 0, lagMs };
    this.emit('message', report);
  }
  postMessage(order: unknown): void {
    this.orders.push(order);
    setImmediate(() => this.emit('exit', 0));
  }
  async terminate(): Promise<number> {
    this.emit('exit', 1);
    return 1;
  }
  die(): void {
    this.emit('error', new Error('out of memory'));
    this.emit('exit', 1);
  }
}

interface Kept {
  readonly worker: ViewWorker;
  readonly threads: Thread[];
  head: string | null;
}

let kept: Kept;

function keep(restartDelaysMs: readonly number[] = [0]): Kept {
  const threads: Thread[] = [];
  const made: Kept = {
    threads,
    head: null,
    worker: new ViewWorker({
      spawn: () => {
        threads.push(new Thread());
        return threads.at(-1) as unknown as ViewThread;
      },
      feed: { head: () => Promise.resolve(made.head) },
      restartDelaysMs,
    }),
  };
  made.worker.onApplicationBootstrap();
  return made;
}

/** Once there are so many threads. On a busy machine a restart takes longer than its wait. */
async function threadsOf({ threads }: Kept, count: number): Promise<void> {
  while (threads.length < count) await later(1);
}

const later = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  kept = keep();
});
afterEach(() => kept.worker.onApplicationShutdown());

describe('waiting for a position', () => {
  it('is over at once where the views show it already', async () => {
    kept.threads[0]?.post('9');
    expect(await kept.worker.waitFor('9', 0)).toBe(true);
    expect(kept.worker.position()).toBe('9');
  });

  it('is over as soon as the views show it, compared as integers', async () => {
    const waits = Promise.all([kept.worker.waitFor('9', 1000), kept.worker.waitFor('10', 20)]);
    kept.threads[0]?.post('8');
    kept.threads[0]?.post('9');
    expect(await waits).toEqual([true, false]);
  });

  it('gives up after its budget, and when the service stops', async () => {
    expect(await kept.worker.waitFor('1', 5)).toBe(false);
    const wait = kept.worker.waitFor('1', 60_000);
    await kept.worker.onApplicationShutdown();
    expect(await wait).toBe(false);
    expect(await kept.worker.waitFor('1', 60_000)).toBe(false);
  });
});

describe('the lag', () => {
  it('is nothing while there is nothing to show, and once all is shown', async () => {
    expect(await kept.worker.lag()).toEqual({ events: 0, seconds: 0 });
    kept.head = '5';
    kept.threads[0]?.post('5', 0);
    expect(await kept.worker.lag()).toEqual({ events: 0, seconds: 0 });
  });

  it('counts events to the head, and time from the last report, also when the thread is dead', async () => {
    kept.head = '12';
    kept.threads[0]?.post('5', 3000);
    kept.threads[0]?.die();
    await later(20);
    const { events, seconds } = await kept.worker.lag();
    expect(events).toBe(7);
    expect(seconds).toBeGreaterThan(3.01);
    expect(seconds).toBeLessThan(5);
  });
});

describe('a thread that dies', () => {
  it('is followed by another, which goes on', async () => {
    kept.threads[0]?.post('4');
    kept.threads[0]?.die();
    await threadsOf(kept, 2);
    expect(kept.threads).toHaveLength(2);
    expect(kept.worker.position()).toBe('4');
    kept.threads[1]?.post('5');
    expect(kept.worker.position()).toBe('5');
  });

  it('again and again is restarted after growing waits, which a report of progress ends', async () => {
    await kept.worker.onApplicationShutdown();
    kept = keep([0, 60_000]);
    kept.threads[0]?.die();
    await threadsOf(kept, 2);
    kept.threads[1]?.post('1');
    kept.threads[1]?.die();
    await threadsOf(kept, 3);
    kept.threads[2]?.die();
    await later(30);
    expect(kept.threads).toHaveLength(3);
  });
});

describe('stopping', () => {
  it('orders the thread to stop and starts no other', async () => {
    await kept.worker.onApplicationShutdown();
    await later();
    expect(kept.threads.map(({ orders }) => orders)).toEqual([[{ kind: 'stop' }]]);
  });
});
