// What every store of leases must keep: one test per sentence of the port `Leases`, in its order.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Leases, LeaseTaken } from '@sallyport/engine';

export interface LeasesUnderTest {
  readonly leases: Leases;
  /** Another process on the same data, beside this one. */
  another(): Promise<LeasesUnderTest>;
  close(): Promise<void>;
}

const long = 60_000;
const short = 100;
/** Past the end of a short lease, on a busy machine too. */
const afterShort = 150;

export function describeLeasesContract(name: string, makeLeases: () => Promise<LeasesUnderTest>): void {
  const withLeases = (test: (one: Leases, other: Leases) => Promise<void>) => async () => {
    const under = await makeLeases();
    const beside = await under.another();
    try {
      await test(under.leases, beside.leases);
    } finally {
      await beside.close();
      await under.close();
    }
  };

  describe(`${name} keeps the contract of Leases`, () => {
    describeTake(withLeases);
    describeRenewAndRelease(withLeases);
  });
}

type WithLeases = (test: (one: Leases, other: Leases) => Promise<void>) => () => Promise<void>;

function describeTake(withLeases: WithLeases): void {
  it(
    'gives a lease to nobody else while anybody has it, not to its holder either',
    withLeases(async (one, other) => {
      const taken = await one.take('relay', 'a', long);
      expect(taken).toEqual({ name: 'relay', holder: 'a', epoch: 1, expiresAt: expect.any(Number) });
      expect(Math.abs((taken as LeaseTaken).expiresAt - Date.now() - long)).toBeLessThan(long / 2);
      expect(await other.take('relay', 'b', long)).toBeUndefined();
      expect(await one.take('relay', 'a', long)).toBeUndefined();
      expect(await other.take('sweep', 'b', long)).toMatchObject({ name: 'sweep', holder: 'b', epoch: 1 });
    }),
  );

  it(
    'gives it to one of any number that ask at once, free or expired',
    withLeases(async (one, other) => {
      await one.take('expired', 'a', short);
      await sleep(afterShort);
      for (const [name, epoch] of [['free', 1], ['expired', 2]] as const) {
        const asked = Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? one : other).take(name, `holder-${index}`, long),
        );
        const taken = (await Promise.all(asked)).filter((lease) => lease !== undefined);
        expect(taken).toEqual([expect.objectContaining({ epoch })]);
      }
    }),
  );

  it(
    'gives it again once it expired by the clock of the store, under the next epoch',
    withLeases(async (one, other) => {
      await one.take('relay', 'a', short);
      await sleep(afterShort);
      expect(await other.take('relay', 'b', short)).toMatchObject({ holder: 'b', epoch: 2 });
      await sleep(afterShort);
      expect(await other.take('relay', 'b', long)).toMatchObject({ holder: 'b', epoch: 3 });
    }),
  );

  it(
    'counts the epochs on past releases, as another process sees them',
    withLeases(async (one, other) => {
      for (let epoch = 1; epoch <= 4; epoch += 1) {
        const lease = (await (epoch % 2 === 0 ? one : other).take('relay', 'a', long)) as LeaseTaken;
        expect(lease.epoch).toBe(epoch);
        await one.release(lease);
      }
    }),
  );
}

function describeRenewAndRelease(withLeases: WithLeases): void {
  it(
    'puts the end off from now',
    withLeases(async (one, other) => {
      const lease = (await one.take('relay', 'a', 3_000)) as LeaseTaken;
      await sleep(1_500);
      expect(await one.renew(lease)).toBe(true);
      await sleep(2_000);
      expect(await other.take('relay', 'b', long)).toBeUndefined();
      await sleep(1_100);
      expect(await other.take('relay', 'b', long)).toMatchObject({ epoch: 2 });
    }),
  );

  it(
    'renews nothing that has ended: expired, released or taken anew, by the same holder too',
    withLeases(async (one, other) => {
      const expired = (await one.take('relay', 'a', short)) as LeaseTaken;
      await sleep(afterShort);
      expect(await one.renew(expired)).toBe(false);
      const second = (await one.take('relay', 'a', long)) as LeaseTaken;
      expect(await other.renew(expired)).toBe(false);
      expect(await other.renew({ ...second, holder: 'b' })).toBe(false);
      await one.release(second);
      expect(await one.renew(second)).toBe(false);
      expect(await one.renew({ ...second, name: 'never-taken' })).toBe(false);
    }),
  );

  it(
    'releases at once, twice is fine, and never what somebody has taken since',
    withLeases(async (one, other) => {
      const first = (await one.take('relay', 'a', long)) as LeaseTaken;
      await one.release(first);
      await one.release(first);
      const second = (await other.take('relay', 'a', long)) as LeaseTaken;
      expect(second.epoch).toBe(2);
      await one.release(first);
      await one.release({ ...first, name: 'never-taken' });
      expect(await other.renew(second)).toBe(true);
      expect(await one.take('relay', 'c', long)).toBeUndefined();
    }),
  );
}
