// What the cache promises: a limit, and that what is used stays.
import { BoundedCache } from './bounded-cache.js';

describe('the bounded cache', () => {
  it('never holds more than its limit', () => {
    const cache = new BoundedCache<number>(10);
    for (let index = 0; index < 1_000; index += 1) {
      cache.set(`k${index}`, index);
      expect(cache.size).toBeLessThanOrEqual(10);
    }
    expect(cache.get('k999')).toBe(999);
    expect(cache.get('k0')).toBeUndefined();
  });

  it('keeps what is used again and again', () => {
    const cache = new BoundedCache<number>(10);
    cache.set('hot', 1);
    for (let index = 0; index < 100; index += 1) {
      cache.set(`k${index}`, index);
      expect(cache.get('hot')).toBe(1);
    }
  });

  it('forgets what is deleted, from either generation', () => {
    const cache = new BoundedCache<number>(4);
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    for (const key of ['a', 'b', 'c']) cache.delete(key);
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([undefined, undefined, undefined]);
  });

  it('gives back what was set last', () => {
    const cache = new BoundedCache<number>(4);
    for (const value of [1, 2, 3, 4]) cache.set('a', value);
    cache.set('b', 1);
    cache.set('c', 1);
    expect(cache.get('a')).toBe(4);
  });
});
