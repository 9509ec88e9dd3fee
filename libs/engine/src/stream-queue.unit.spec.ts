// One task at a time per stream, in order, within bounds, and no task's failure is another's.
import { StreamQueue } from './stream-queue.js';

/** A task that ends when it is told to. */
function gate(): {
  readonly task: () => Promise<string>;
  open(): void;
  fail(error: Error): void;
  started: boolean;
} {
  let open: (value: string) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const until = new Promise<string>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  const self = {
    started: false,
    task: () => {
      self.started = true;
      return until;
    },
    open: () => open('done'),
    fail: (error: Error) => fail(error),
  };
  return self;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a stream's queue", () => {
  it('runs tasks of one stream in the order they came, one at a time', async () => {
    const queue = new StreamQueue();
    const running: string[] = [];
    const task = (name: string) => async () => {
      running.push(`${name} starts`);
      await settle();
      running.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => queue.run('s', task(name))));
    expect(running).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} starts`, `${name} ends`]));
    expect(queue.depth).toBe(0);
  });

  it('keeps its order when a task comes in just as the one before ends', async () => {
    const queue = new StreamQueue();
    const order: number[] = [];
    let active = 0;
    const task = (number: number) => async () => {
      active += 1;
      expect(active).toBe(1);
      if (number % 3 > 0) await Promise.resolve();
      order.push(number);
      active -= 1;
    };
    const all: Promise<void>[] = [];
    for (let number = 0; number < 60; number += 1) {
      all.push(queue.run('s', task(number)));
      if (number % 2 === 0) await Promise.resolve();
    }
    await Promise.all(all);
    expect(order).toEqual(all.map((_, number) => number));
  });

  it('does not make one stream wait for another', async () => {
    const queue = new StreamQueue();
    const held = gate();
    const waiting = queue.run('slow', held.task);
    expect(await queue.run('other', async () => 'at once')).toBe('at once');
    held.open();
    expect(await waiting).toBe('done');
  });

  it('refuses more than its limit on one stream, and takes more once one has left', async () => {
    const queue = new StreamQueue({ perStream: 2, total: 10 });
    const [first, second] = [gate(), gate()];
    const running = [queue.run('s', first.task), queue.run('s', second.task)];
    await expect(queue.run('s', async () => 'x')).rejects.toMatchObject({
      code: 'queue_full',
      details: { stream: 's' },
    });
    expect(await queue.run('other', async () => 'x')).toBe('x');
    first.open();
    await running[0];
    expect(second.started).toBe(true);
    const third = queue.run('s', async () => 'third');
    second.open();
    expect(await third).toBe('third');
  });

  it('refuses more than its limit in the process', async () => {
    const queue = new StreamQueue({ perStream: 2, total: 2 });
    const held = gate();
    const running = [queue.run('a', held.task), queue.run('b', held.task)];
    expect(queue.depth).toBe(2);
    await expect(queue.run('c', async () => 'x')).rejects.toMatchObject({ code: 'queue_full' });
    held.open();
    await Promise.all(running);
    expect(await queue.run('c', async () => 'x')).toBe('x');
    expect(queue.depth).toBe(0);
  });

  it('goes on after a task that failed, and tells only its caller', async () => {
    const queue = new StreamQueue();
    const held = gate();
    const failing = queue.run('s', held.task);
    const next = queue.run('s', async () => 'fine');
    held.fail(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('fine');
    expect(queue.depth).toBe(0);
  });

  it('keeps no place for a task that throws before it returns a promise', async () => {
    const queue = new StreamQueue({ perStream: 1, total: 1 });
    const broken = (): Promise<string> => {
      throw new Error('broken');
    };
    await expect((async () => queue.run('s', broken))()).rejects.toThrow('broken');
    expect(queue.depth).toBe(0);
    expect(await queue.run('s', async () => 'fine')).toBe('fine');
  });
});
