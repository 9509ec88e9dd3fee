// What every store of limits must keep: one test per sentence of the port `AttemptLimits`, in its order.
import { describe, expect, it } from '@jest/globals';
import type { AttemptLimits, Clock } from '@sallyport/engine';
import { MovableClock } from './clock-and-ids.js';

export interface AttemptLimitsUnderTest {
  readonly limits: AttemptLimits;
  /** Another process on the same data, beside this one; the same one where there is only one. */
  readonly another: AttemptLimits;
  close(): Promise<void>;
}

const space = 'sign-in';
const day = 24 * 3_600_000;

export function describeAttemptLimitsContract(
  name: string,
  make: (clock: Clock) => Promise<AttemptLimitsUnderTest>,
): void {
  type Test = (under: AttemptLimitsUnderTest, clock: MovableClock) => Promise<void>;
  const withLimits = (test: Test) => async () => {
    const clock = new MovableClock();
    const under = await make(clock);
    try {
      await test(under, clock);
    } finally {
      await under.close();
    }
  };
  const fail = async (limits: AttemptLimits, times: number, key = 'a') => {
    for (let time = 0; time < times; time += 1) await limits.failed(space, key);
  };

  describe(`${name} keeps the contract of AttemptLimits`, () => {
    it(
      'tells how long to wait, in whole seconds, until it is over',
      withLimits(async ({ limits, another }, clock) => {
        expect(await limits.retryAfterSeconds(space, 'a')).toBe(0);
        await fail(limits, 12);
        expect(await another.retryAfterSeconds(space, 'a')).toBe(4);
        clock.time += 1;
        expect(await limits.retryAfterSeconds(space, 'a')).toBe(4);
        clock.time += 3_998;
        expect(await limits.retryAfterSeconds(space, 'a')).toBe(1);
        clock.time += 1;
        expect(await limits.retryAfterSeconds(space, 'a')).toBe(0);
        clock.time += 60_000;
        expect(await limits.retryAfterSeconds(space, 'a')).toBe(0);
      }),
    );

    it(
      'lets nine failures go free, then doubles the delay from a second up to 15 minutes',
      withLimits(async ({ limits, another }) => {
        for (let failures = 1; failures <= 9; failures += 1) {
          const one = failures % 2 === 0 ? limits : another;
          expect(await one.failed(space, 'a')).toEqual({ failures, delaySeconds: 0 });
          expect(await limits.retryAfterSeconds(space, 'a')).toBe(0);
        }
        const delays: number[] = [];
        for (let more = 0; more < 12; more += 1) delays.push((await limits.failed(space, 'a')).delaySeconds);
        expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        expect(await another.retryAfterSeconds(space, 'a')).toBe(900);
      }),
    );

    it(
      'counts each of many failures at once',
      withLimits(async ({ limits, another }) => {
        const many = Array.from({ length: 40 }, (_, index) => index);
        const counted = await Promise.all(
          many.map((index) => (index % 2 === 0 ? limits : another).failed(space, 'a')),
        );
        const failures = counted.map((one) => one.failures).sort((a, b) => a - b);
        expect(failures).toEqual(many.map((index) => index + 1));
      }),
    );

    it(
      'begins again after a day without a failure, not before',
      withLimits(async ({ limits, another }, clock) => {
        await fail(limits, 11);
        clock.time += day;
        expect(await another.failed(space, 'a')).toMatchObject({ failures: 12 });
        clock.time += day + 1;
        expect(await limits.failed(space, 'a')).toEqual({ failures: 1, delaySeconds: 0 });
      }),
    );

    it(
      'forgets the failures of a key that succeeded, and of no other key or space',
      withLimits(async ({ limits, another }) => {
        await fail(limits, 11);
        await fail(limits, 11, 'b');
        for (let time = 0; time < 11; time += 1) await limits.failed('password', 'a');
        await another.succeeded(space, 'a');
        await another.succeeded(space, 'never failed');
        expect(await limits.retryAfterSeconds(space, 'a')).toBe(0);
        expect(await limits.failed(space, 'a')).toEqual({ failures: 1, delaySeconds: 0 });
        expect(await limits.retryAfterSeconds(space, 'b')).toBe(2);
        expect(await another.retryAfterSeconds('password', 'a')).toBe(2);
      }),
    );
  });
}
