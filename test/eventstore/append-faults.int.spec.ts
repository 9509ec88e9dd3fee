// What appends come to when the store or the driver fails: nothing is taken for done, or undone, that is not.
import { exampleAppend, exampleDraft, SteppingClock } from '@sallyport/testing';
import type { ConnectionOptions } from '@sallyport/adapter-eventstoredb';
import { untilAnswered, wire, type Wired } from './under-test.js';

const quick = { appendTimeoutMs: 1_000, readTimeoutMs: 1_000, feedTimeoutMs: 1_000 };

const wired =
  (test: (wired: Wired) => Promise<void>, options: Partial<ConnectionOptions> = quick) => async () => {
    const under = await wire(new SteppingClock(), options);
    await test(under).finally(() => under.close());
  };

const idsIn = async ({ behind }: Wired, stream: string) =>
  (await behind.read(`sallyport.${stream}`, 0, 100)).map(({ id }) => id);

describe('an append', () => {
  it(
    'goes out by itself, to the leader alone, never in the batches that all clients of a process share',
    wired(async ({ store, double, another }) => {
      const other = another().store.append(exampleAppend('b', 'any'));
      await Promise.all([store.append(exampleAppend('a', -1)), other]);
      await store.read('a', 0, 1);
      expect(double.seen.calls).toMatchObject({ append: 2, 'batch-append': 0 });
      expect(double.seen.withoutLeader).toBe(0);
    }),
  );

  it(
    'of another client is not touched by the error of one',
    wired(async ({ store, double, another }) => {
      double.faults.add('append', { kind: 'drop', code: 'INTERNAL' }, 1);
      double.faults.add('append', { kind: 'slow', ms: 50 }, 1);
      const first = store.append(exampleAppend('a', -1));
      const second = another().store.append(exampleAppend('b', -1));
      const outcomes = await Promise.allSettled([first, second]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    }),
  );

  it(
    'that is never answered is of unknown outcome within its time, whether it was made or not',
    wired(async (under) => {
      for (const [stream, kind] of [
        ['not-made', 'silent'],
        ['made', 'silent-after-commit'],
      ] as const) {
        under.double.faults.add('append', { kind }, 1);
        const started = performance.now();
        const append = under.store.append(exampleAppend(stream, -1));
        await expect(append).rejects.toMatchObject({ code: 'outcome_unknown', details: { stream } });
        expect(performance.now() - started).toBeLessThan(5_000);
      }
      expect(await under.store.heads(['not-made', 'made'])).toEqual([-1, 0]);
    }),
  );

  it.each(['CANCELLED', 'UNAVAILABLE', 'INTERNAL'] as const)(
    'whose call ends with %s is of unknown outcome, and the next one is made',
    (code) =>
      wired(async (under) => {
        under.double.faults.add('append', { kind: 'drop', code }, 1);
        under.double.faults.add('append', { kind: 'drop-after-commit', code }, 1);
        for (const stream of ['before', 'after']) {
          const append = under.store.append(exampleAppend(stream, -1));
          await expect(append).rejects.toMatchObject({ code: 'outcome_unknown' });
        }
        expect(await under.store.heads(['before', 'after'])).toEqual([-1, 0]);
        expect(await under.store.append(exampleAppend('after', 0))).toMatchObject({ revision: 1 });
      })(),
  );

  it(
    'to a server that is not there is refused as certainly not made, and made when it is back',
    wired(async ({ store, double }) => {
      await store.append(exampleAppend('a', -1));
      const back = double.restart(1_500);
      const codes: unknown[] = [];
      for (let tries = 0; tries < 3; tries += 1) {
        await store.append(exampleAppend('a', 0)).catch((error: { code: unknown }) => codes.push(error.code));
      }
      // The first may have gone out on the connection that was cut.
      expect(codes).toHaveLength(3);
      expect(codes.slice(1)).toEqual(['store_unavailable', 'store_unavailable']);
      await back;
      await untilAnswered(() => store.heads(['a']));
      expect(await store.append(exampleAppend('a', 0))).toMatchObject({ revision: 1 });
    }),
  );

  it(
    'conflicts with the revision at which the stream stands, also when the server alone knows it',
    wired(async ({ store, double, another }) => {
      await store.append(exampleAppend('a', -1));
      await another().store.append(exampleAppend('a', 'any', { events: [exampleDraft(), exampleDraft()] }));
      const conflict = { code: 'revision_conflict', details: { stream: 'a', expected: 0, actual: 2 } };
      await expect(store.append(exampleAppend('a', 0))).rejects.toMatchObject(conflict);
      const absent = { code: 'revision_conflict', details: { stream: 'b', expected: 4, actual: -1 } };
      await expect(store.append(exampleAppend('b', 4))).rejects.toMatchObject(absent);
      double.faults.add('append', { kind: 'wrong-expected-version' }, 1);
      await expect(store.append(exampleAppend('a', 2))).rejects.toMatchObject({ code: 'revision_conflict' });
    }),
  );

  it(
    'of more than the server takes is a mistake of the caller, and one without access certainly not made',
    wired(async ({ store, double, connection }) => {
      double.faults.add('append', { kind: 'too-large' }, 1);
      await expect(store.append(exampleAppend('a', -1))).rejects.toThrow(RangeError);
      double.faults.add('append', { kind: 'access-denied' }, 1);
      await expect(store.append(exampleAppend('a', -1))).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(connection.health).toMatchObject({ reachable: false, trouble: 'access_denied' });
      expect(await store.heads(['a'])).toEqual([-1]);
      expect(connection.health).toEqual({ reachable: true });
    }),
  );

  it(
    'to a stream that was deleted is refused as damage, and so are reads of it',
    wired(async ({ store, double }) => {
      await store.append(exampleAppend('a', -1));
      double.log.tombstone('sallyport.a');
      await expect(store.append(exampleAppend('a', 0))).rejects.toMatchObject({ code: 'store_damaged' });
      await expect(store.append(exampleAppend('a', 'any'))).rejects.toMatchObject({ code: 'store_damaged' });
      await expect(store.read('a', 0, 1)).rejects.toMatchObject({ code: 'store_damaged' });
      await expect(store.heads(['a'])).rejects.toMatchObject({ code: 'store_damaged' });
    }),
  );
});

describe('an append and its guards', () => {
  it(
    'rejects with guard_moved when a guard moves between the commit and the read of the guards; it exists',
    wired(async (under) => {
      const { store, double } = under;
      await store.append(exampleAppend('guard', -1));
      const other = under.another().store;
      double.faults.afterCommit = async (stream) => {
        if (stream === 'sallyport.a') await other.append(exampleAppend('guard', 'any'));
      };
      const guards = [{ stream: 'guard', revision: 0 }];
      const details = { stream: 'guard', expected: 0, actual: 1 };
      const append = store.append(exampleAppend('a', -1, { guards }));
      await expect(append).rejects.toMatchObject({ code: 'guard_moved', details });
      expect(await store.heads(['a'])).toEqual([0]);
    }),
  );

  it(
    'is of unknown outcome when the guards cannot be read after the acknowledgement',
    wired(async ({ store, double }) => {
      await store.append(exampleAppend('guard', -1));
      double.faults.afterCommit = () => {
        double.faults.add('read', { kind: 'silent' });
        return Promise.resolve();
      };
      const append = store.append(exampleAppend('a', -1, { guards: [{ stream: 'guard', revision: 0 }] }));
      await expect(append).rejects.toMatchObject({ code: 'outcome_unknown' });
    }),
  );
});

describe('ids that the store has already', () => {
  it(
    'acknowledged for the events of an earlier attempt do not pass for those that were sent now',
    wired(async (under) => {
      const first = exampleDraft();
      under.double.faults.add('append', { kind: 'drop-after-commit', code: 'UNAVAILABLE' }, 1);
      const lost = under.store.append(exampleAppend('a', -1, { events: [first] }));
      await expect(lost).rejects.toMatchObject({ code: 'outcome_unknown' });
      const decidedAgain = { ...first, data: { decided: 'again' } };
      const again = under.store.append(exampleAppend('a', -1, { events: [decidedAgain] }));
      await expect(again).rejects.toMatchObject({ code: 'outcome_unknown' });
      expect(await under.store.read('a', 0, 10)).toMatchObject([first]);
    }),
  );

  it(
    'are written again where they are the last of the stream, as the real server does and its double',
    wired(async (under) => {
      const events = [exampleDraft()];
      await under.store.append(exampleAppend('a', -1, { events }));
      await under.store.append(exampleAppend('a', 0, { events }));
      expect(await idsIn(under, 'a')).toEqual([events[0]?.id, events[0]?.id]);
    }),
  );
});

describe('a server that goes down in the middle of many appends', () => {
  it(
    'loses nothing it acknowledged, and of what was certainly not made there is nothing',
    wired(async (under) => {
      const { store, double } = under;
      await store.heads(['warm']);
      const streams = Array.from({ length: 40 }, (_, index) => `s-${index}`);
      let commits = 0;
      double.faults.afterCommit = async () => {
        commits += 1;
        if (commits === 15) double.faults.add('append', { kind: 'restart-after-commit', downMs: 100 }, 1);
      };
      const outcomes: PromiseSettledResult<unknown>[] = [];
      // By eights: however slow the machine is, the server goes down under some of them.
      for (let first = 0; first < streams.length; first += 8) {
        const wave = streams.slice(first, first + 8).map((stream) => store.append(exampleAppend(stream, -1)));
        outcomes.push(...(await Promise.allSettled(wave)));
      }
      double.faults.clear();
      const heads = await untilAnswered(() => store.heads(streams));
      const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'made' : String(one.reason.code)));
      // How many end how depends on the machine; that each ends rightly does not.
      const outcomesThereAre = ['made', 'outcome_unknown', 'store_unavailable'];
      expect(codes.filter((code) => !outcomesThereAre.includes(code))).toEqual([]);
      expect(codes).toEqual(expect.arrayContaining(['made', 'outcome_unknown']));
      const there = (code: string) => heads.filter((_, index) => codes[index] === code);
      expect(there('made').filter((head) => head !== 0)).toEqual([]);
      expect(there('store_unavailable').filter((head) => head !== -1)).toEqual([]);
    }),
  );
});
