// How many people rules may shut out in a minute, counted once for any number of processes.
import { MemoryViewStore } from '@sallyport/testing';
import { MemoryLockouts, SharedLockouts } from './lockouts.js';
import type { Lockouts } from './lockouts.js';

const limit = { perMinute: 3, since: -1 };
const at = (id: number | string, ms = 0, seen = 0) => ({ id: String(id), ms, seen });

/** Two that count together, as far as they can. */
const makes: readonly (readonly [string, () => readonly [Lockouts, Lockouts]])[] = [
  [
    'in one process',
    () => {
      const one = new MemoryLockouts();
      return [one, one];
    },
  ],
  [
    'of several processes',
    () => {
      const views = new MemoryViewStore();
      return [new SharedLockouts(views), new SharedLockouts(views)];
    },
  ],
];

describe.each(makes)('the brake %s', (_name, make) => {
  it('lets as many through as the limit says, whoever asks and however at once', async () => {
    const [first, second] = make();
    const asked = Array.from({ length: 8 }, (_, id) => (id % 2 === 0 ? first : second).take(at(id), limit));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
  });

  it('counts a decision once, however often it is delivered', async () => {
    const [first, second] = make();
    for (const one of [first, second, first]) expect(await one.take(at('same'), limit)).toBe(true);
    for (const id of [1, 2]) expect(await second.take(at(id), limit)).toBe(true);
    expect(await first.take(at(3), limit)).toBe(false);
  });

  it('counts the last minute, and nothing from before enforcement was resumed', async () => {
    const [first, second] = make();
    for (const id of [1, 2, 3]) await first.take(at(id), limit);
    expect(await second.take(at(4, 59_000), limit)).toBe(false);
    expect(await second.take(at(5, 60_000), limit)).toBe(true);
    for (const id of [6, 7]) await first.take(at(id, 60_000), limit);
    expect(await first.take(at(8, 61_000, 9), limit)).toBe(false);
    expect(await second.take(at(9, 61_000, 9), { perMinute: 3, since: 9 })).toBe(true);
  });
});
