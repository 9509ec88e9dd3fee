// The way to the store: deadlines, bounds, health, and clients that are replaced and leave nothing behind.
import { exampleAppend, SteppingClock } from '@sallyport/testing';
import type { ConnectionOptions } from '@sallyport/adapter-eventstoredb';
import { until, wire, type Wired } from './under-test.js';

const wired =
  (test: (wired: Wired, clock: SteppingClock) => Promise<void>, options: Partial<ConnectionOptions> = {}) =>
  async () => {
    const clock = new SteppingClock();
    const under = await wire(clock, options);
    await test(under, clock).finally(() => under.close());
  };

describe('calls to the store', () => {
  it(
    'end within their time although nobody answers, and are not left open at the server',
    wired(
      async ({ store, double, connection }) => {
        await store.append(exampleAppend('a', -1));
        double.faults.add('read', { kind: 'silent' });
        const started = performance.now();
        await expect(store.read('a', 0, 10)).rejects.toMatchObject({ code: 'store_unavailable' });
        await expect(store.readBack('a', 1)).rejects.toMatchObject({ code: 'store_unavailable' });
        await expect(store.heads(['a', 'b'])).rejects.toMatchObject({ code: 'store_unavailable' });
        expect(performance.now() - started).toBeLessThan(5_000);
        await until(() => double.seen.open === 0);
        expect(connection.depth).toBe(0);
      },
      { readTimeoutMs: 400 },
    ),
  );

  it(
    'that only read are made once more when their connection was cut',
    wired(async ({ store, double }) => {
      await store.append(exampleAppend('a', -1));
      for (const code of ['UNAVAILABLE', 'CANCELLED'] as const) {
        double.faults.add('read', { kind: 'drop', code }, 1);
        expect(await store.read('a', 0, 10)).toHaveLength(1);
      }
    }),
  );

  it(
    'are bounded: so many under way, so many that wait, and queue_full for the others',
    wired(
      async ({ store, double, connection }) => {
        await store.append(exampleAppend('a', -1));
        double.faults.add('read', { kind: 'slow', ms: 50 }, 5);
        const reads = Array.from({ length: 8 }, (_, index) => store.read(`s-${index}`, 0, 1));
        expect(connection.depth).toBe(5);
        await until(() => double.seen.open > 0);
        expect(double.seen.open).toBeLessThanOrEqual(2);
        const outcomes = await Promise.allSettled(reads);
        const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'answered' : one.reason.code));
        expect(codes).toEqual([...Array<string>(5).fill('answered'), ...Array<string>(3).fill('queue_full')]);
        expect(connection.depth).toBe(0);
      },
      { maxInFlight: 2, maxWaiting: 3 },
    ),
  );

  it(
    'whose turn does not come in time are refused as never sent',
    wired(
      async ({ store, double }) => {
        await store.append(exampleAppend('a', -1));
        double.faults.add('read', { kind: 'slow', ms: 1_200 }, 1);
        const first = store.read('a', 0, 1);
        const append = store.append(exampleAppend('b', 'any'));
        await expect(append).rejects.toMatchObject({ code: 'store_unavailable' });
        expect(await first).toHaveLength(1);
        expect(double.seen.calls.append).toBe(1);
      },
      { maxInFlight: 1, appendTimeoutMs: 400 },
    ),
  );
});

describe('reads of where a stream stands', () => {
  it(
    'are shared by those who ask while it is being read, and begin after the question',
    wired(async ({ store, double }) => {
      await store.append(exampleAppend('a', -1));
      const before = double.seen.calls.read;
      const answers = await Promise.all(Array.from({ length: 50 }, () => store.heads(['a'])));
      expect(new Set(answers.flat())).toEqual(new Set([0]));
      expect(double.seen.calls.read - before).toBe(2);
      const asked = store.heads(['a']);
      const appended = store.append(exampleAppend('a', 0)).then(() => store.heads(['a']));
      await asked;
      expect(await appended).toEqual([1]);
    }),
  );
});

describe('the health of the store', () => {
  it(
    'is reachable, or not since the first failure, with a cause; it comes back with the first answer',
    wired(
      async ({ store, double, connection }, clock) => {
        expect(connection.health).toEqual({ reachable: true });
        await store.append(exampleAppend('a', -1));
        double.faults.add('read', { kind: 'silent' });
        const sinceMs = clock.at;
        await store.read('a', 0, 1).catch(() => undefined);
        clock.at += 5_000;
        await store.read('a', 0, 1).catch(() => undefined);
        expect(connection.health).toEqual({ reachable: false, sinceMs, trouble: 'timeout' });
        double.faults.clear();
        await store.read('a', 0, 1);
        expect(connection.health).toEqual({ reachable: true });
      },
      { readTimeoutMs: 400 },
    ),
  );

  it(
    'does not suffer from conflicts, unknown streams or deleted ones: these are answers',
    wired(async ({ store, double, connection }) => {
      await store.append(exampleAppend('a', -1));
      await store.append(exampleAppend('a', 7)).catch(() => undefined);
      await store.read('unknown', 0, 1);
      double.log.tombstone('sallyport.a');
      await store.read('a', 0, 1).catch(() => undefined);
      expect(connection.health).toEqual({ reachable: true });
    }),
  );
});

describe('a client of the driver', () => {
  it(
    'is replaced after an error it would keep its connection in, and after several calls without an answer',
    wired(
      async ({ store, double, connection }) => {
        await store.append(exampleAppend('a', -1));
        double.faults.add('read', { kind: 'drop', code: 'INTERNAL' }, 1);
        await expect(store.read('a', 0, 1)).rejects.toMatchObject({ code: 'store_unavailable' });
        expect(connection.rebuilds).toBe(1);
        double.faults.add('read', { kind: 'silent' }, 4);
        for (let index = 0; index < 4; index += 1) await store.read('a', 0, 1).catch(() => undefined);
        expect(connection.rebuilds).toBe(2);
        expect(await store.read('a', 0, 1)).toHaveLength(1);
      },
      { readTimeoutMs: 400 },
    ),
  );

  it(
    'that was replaced ends its connection, but not before the calls of others that use it',
    wired(async ({ store, double }) => {
      await store.append(exampleAppend('a', -1));
      double.faults.add('read', { kind: 'slow', ms: 200 }, 1);
      double.faults.add('read', { kind: 'drop', code: 'INTERNAL' }, 1);
      const slow = store.read('a', 0, 1);
      await expect(store.read('a', 0, 1)).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(await slow).toHaveLength(1);
      await store.read('a', 0, 1);
      await until(() => double.connections === 1);
    }),
  );
});

describe('recordedAt', () => {
  it(
    'does not go back when another leader has another clock: nothing is recorded before what its writer saw',
    wired(async ({ store, feed, double, another }) => {
      const first = await store.append(exampleAppend('a', -1));
      double.faults.clockOffsetMs = -60_000;
      const second = await store.append(exampleAppend('b', -1));
      const third = await another().store.append(exampleAppend('c', -1));
      double.faults.clockOffsetMs = 0;
      const times = (await feed.read(null, 10)).map(({ recordedAt }) => recordedAt);
      expect(times).toEqual([first, second, third].map(() => first.recordedAt));
      expect(second.recordedAt).toBe(first.recordedAt);
    }),
  );
});
