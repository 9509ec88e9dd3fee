// What the queue promises: a limit on those running, a limit on those waiting, and the order of arrival.
import { BoundedQueue } from './bounded-queue.js';

/** Work that ends when it is told to, and notes when it began. */
function newWork(queue: BoundedQueue) {
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const start = (number: number) =>
    queue.run(() => {
      begun.push(number);
      return new Promise<number>((resolve, reject) => {
        ends[number] = (error) => (error === undefined ? resolve(number) : reject(error));
      });
    });
  return { begun, ends, start };
}

const settled = () => new Promise(setImmediate);

describe('the bounded queue', () => {
  it('runs no more at once than it may, and the rest in the order they came', async () => {
    const queue = new BoundedQueue({ running: 2, waiting: 3 });
    const { begun, ends, start } = newWork(queue);
    const results = [0, 1, 2, 3].map(start);
    await settled();
    expect(begun).toEqual([0, 1]);
    ends[1]!();
    await settled();
    expect(begun).toEqual([0, 1, 2]);
    ends[0]!();
    ends[2]!();
    await settled();
    ends[3]!();
    expect(await Promise.all(results)).toEqual([0, 1, 2, 3]);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  it('refuses at once when too many wait, and takes more when there is room again', async () => {
    const queue = new BoundedQueue({ running: 1, waiting: 1 });
    const { ends, start } = newWork(queue);
    const first = start(0);
    const second = start(1);
    await expect(start(2)).rejects.toMatchObject({ code: 'queue_full' });
    ends[0]!();
    await first;
    const third = start(3);
    await settled();
    ends[1]!();
    await settled();
    ends[3]!();
    expect(await Promise.all([second, third])).toEqual([1, 3]);
  });

  it('goes on after work that failed', async () => {
    const queue = new BoundedQueue({ running: 1, waiting: 1 });
    const { ends, start } = newWork(queue);
    const failed = start(0);
    const next = start(1);
    await settled();
    ends[0]!(new Error('no memory'));
    await expect(failed).rejects.toThrow('no memory');
    await settled();
    ends[1]!();
    expect(await next).toBe(1);
  });
});
