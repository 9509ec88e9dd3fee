// Counts that wait before they are recorded: each once, never while it may still grow, and never too many.
import { jest } from '@jest/globals';
import { MovableClock } from '@sallyport/testing';
import { PendingCounts } from './pending-counts.js';

describe('pending counts', () => {
  const clock = new MovableClock();
  let recorded: string[];
  let pending: PendingCounts<string>;

  beforeEach(() => {
    jest.useFakeTimers();
    recorded = [];
    pending = new PendingCounts(clock, async (value) => void recorded.push(value));
  });

  afterEach(async () => {
    await pending.close();
    jest.useRealTimers();
  });

  it('are recorded once, an interval after they came', async () => {
    pending.add('a', 'first');
    clock.time += 59_999;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(recorded).toEqual([]);
    clock.time += 1;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(recorded).toEqual(['first']);
    expect(pending.get('a')).toBeUndefined();
  });

  it('can be found and grow until then', () => {
    pending.add('a', 'first');
    expect(pending.get('a')).toBe('first');
    expect(pending.get('b')).toBeUndefined();
  });

  it('are all recorded when the process ends', async () => {
    pending.add('a', 'first');
    pending.add('b', 'second');
    await pending.close();
    expect(recorded).toEqual(['first', 'second']);
  });

  it('are bounded: what strangers make beyond 50,000 is dropped', () => {
    const added = Array.from({ length: 50_001 }, (_, at) => pending.add(String(at), 'one'));
    expect(added.filter((room) => room)).toHaveLength(50_000);
    expect(added.at(-1)).toBe(false);
  });
});
