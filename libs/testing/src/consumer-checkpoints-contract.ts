// What every store of consumers' checkpoints must keep: one test per sentence of the port, in its order.
import { describe, expect, it } from '@jest/globals';
import type { ConsumerCheckpoint, ConsumerCheckpoints, ConsumerCommit, ViewStore } from '@sallyport/engine';

export interface ConsumerCheckpointsUnderTest {
  readonly checkpoints: ConsumerCheckpoints;
  /** The store that the rows are read from. */
  readonly views: ViewStore;
  close(): Promise<void>;
}

const of = { consumer: 'rules', generation: 1, partition: 3 };

/** A batch of `rules` on partition 3: bodies of rows of the view `states`, `null` to delete one. */
function batch(
  from: ConsumerCheckpoint,
  to: ConsumerCommit['to'],
  rows: Record<string, number | null> = {},
): ConsumerCommit {
  const changes = Object.entries(rows).map(([key, value]) => {
    return { view: 'states', key, row: value === null ? null : { key, owner: 'o', body: { value } } };
  });
  return { of, from, to, changes };
}

const at = (offset: number) => ({ nextOffset: `${offset}`, lastPosition: `${offset * 10}` });

interface Under extends ConsumerCheckpointsUnderTest {
  /** Assigns partition 3 of `rules`. */
  assign(): Promise<ConsumerCheckpoint>;
  /** The rows of the view `states`, by key. */
  rows(): Promise<Record<string, unknown>>;
}

type WithCheckpoints = (test: (under: Under) => Promise<void>) => () => Promise<void>;

export function describeConsumerCheckpointsContract(
  name: string,
  make: () => Promise<ConsumerCheckpointsUnderTest>,
): void {
  const withCheckpoints: WithCheckpoints = (test) => async () => {
    const under = await make();
    const { checkpoints, views } = under;
    const assign = () => checkpoints.assign('rules', 1, 3);
    const rows = async () => {
      const listed = await views.list('states', 1, 'o');
      return Object.fromEntries(listed.map(({ key, body }) => [key, body['value']]));
    };
    try {
      await test({ ...under, assign, rows });
    } finally {
      await under.close();
    }
  };

  describe(`${name} keeps the contract of ConsumerCheckpoints`, () => {
    describeAssign(withCheckpoints);
    describeCommits(withCheckpoints);
    describeProgressAndReset(withCheckpoints);
  });
}

function describeAssign(withCheckpoints: WithCheckpoints): void {
  it(
    'starts at offset 0 and goes on from what was committed, raising the epoch each time',
    withCheckpoints(async ({ checkpoints, assign }) => {
      const first = await assign();
      expect(first).toEqual({ epoch: 1, nextOffset: '0', lastPosition: null });
      expect(await assign()).toEqual({ ...first, epoch: 2 });
      await checkpoints.commit(batch({ ...first, epoch: 2 }, at(7)));
      expect(await assign()).toEqual({ epoch: 3, nextOffset: '7', lastPosition: '70' });
      for (const [generation, partition] of [[1, 4], [2, 3]] as const) {
        expect(await checkpoints.assign('rules', generation, partition)).toEqual(first);
      }
      expect(await checkpoints.assign('other', 1, 3)).toEqual(first);
    }),
  );

  it(
    'gives each of any number that are assigned at once an epoch of its own',
    withCheckpoints(async ({ assign }) => {
      const all = await Promise.all(Array.from({ length: 10 }, assign));
      expect(all.map(({ epoch }) => epoch).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }),
  );

  it(
    'lets no write of an owner before count, begun before the assignment or after',
    withCheckpoints(async ({ checkpoints, assign, rows }) => {
      const displaced = await assign();
      const owner = await assign();
      const late = () => checkpoints.commit(batch(displaced, at(1), { a: 1 }));
      await expect(late()).rejects.toMatchObject({ code: 'checkpoint_moved' });
      await checkpoints.commit(batch(owner, at(1), { a: 2 }));
      await expect(late()).rejects.toMatchObject({ code: 'checkpoint_moved' });
      expect(await rows()).toEqual({ a: 2 });
    }),
  );
}

function describeCommits(withCheckpoints: WithCheckpoints): void {
  it(
    'writes and deletes rows together with the checkpoint, as the view store reads them',
    withCheckpoints(async ({ checkpoints, views, assign, rows }) => {
      const first = await checkpoints.commit(batch(await assign(), at(2), { a: 1, b: 1 }));
      expect(first).toEqual({ epoch: 1, nextOffset: '2', lastPosition: '20' });
      await checkpoints.commit(batch(first, at(5), { a: 2, b: null, absent: null }));
      expect(await rows()).toEqual({ a: 2 });
      expect(await views.list('states', 2, 'o')).toEqual([]);
      expect(await views.checkpoint('rules', 1)).toBeNull();
      expect(await assign()).toEqual({ epoch: 2, nextOffset: '5', lastPosition: '50' });
    }),
  );

  it(
    'changes rows at an equal offset: what was sent from the outbox is deleted there',
    withCheckpoints(async ({ checkpoints, assign, rows }) => {
      const read = await checkpoints.commit(batch(await assign(), at(2), { a: 1, b: 1 }));
      const sent = await checkpoints.commit(batch(read, read, { a: null }));
      expect(sent).toEqual(read);
      expect(await rows()).toEqual({ b: 1 });
    }),
  );

  it(
    'keeps offsets and positions beyond what a number holds',
    withCheckpoints(async ({ checkpoints, assign }) => {
      const far = { nextOffset: '9007199254740993', lastPosition: '9223372036854775809' };
      await checkpoints.commit(batch(await assign(), far));
      expect(await assign()).toEqual({ epoch: 2, ...far });
    }),
  );

  it(
    'rejects with checkpoint_moved, writing nothing, unless epoch and offset are the stored ones',
    withCheckpoints(async ({ checkpoints, assign, rows }) => {
      const start = await assign();
      const stored = await checkpoints.commit(batch(start, at(5), { a: 1 }));
      for (const from of [start, { ...stored, nextOffset: '6' }, { ...stored, epoch: 2 }]) {
        const stale = checkpoints.commit(batch(from, at(9), { a: null, z: 1 }));
        await expect(stale).rejects.toMatchObject({ code: 'checkpoint_moved' });
      }
      const unassigned = { ...batch(stored, at(9), { z: 1 }), of: { ...of, partition: 4 } };
      await expect(checkpoints.commit(unassigned)).rejects.toMatchObject({ code: 'checkpoint_moved' });
      expect(await rows()).toEqual({ a: 1 });
      expect(await assign()).toEqual({ ...stored, epoch: 2 });
    }),
  );

  it(
    'lets one of several batches handled from the same checkpoint win',
    withCheckpoints(async ({ checkpoints, assign, rows }) => {
      const start = await assign();
      const batches = Array.from({ length: 10 }, (_, index) => batch(start, at(index + 1), { a: index }));
      const outcomes = await Promise.allSettled(batches.map((one) => checkpoints.commit(one)));
      const winners = outcomes.flatMap((one, index) => (one.status === 'fulfilled' ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await rows()).toEqual({ a: winners[0] });
    }),
  );
}

function describeProgressAndReset(withCheckpoints: WithCheckpoints): void {
  it(
    'tells how far all partitions are, without raising an epoch',
    withCheckpoints(async ({ checkpoints, assign }) => {
      expect(await checkpoints.progress('rules', 1)).toEqual(new Map());
      const stored = await checkpoints.commit(batch(await assign(), at(5)));
      const other = await checkpoints.assign('rules', 1, 0);
      await checkpoints.assign('rules', 2, 0);
      for (let times = 0; times < 2; times += 1) {
        expect(await checkpoints.progress('rules', 1)).toEqual(new Map([[0, other], [3, stored]]));
      }
    }),
  );

  it(
    'resets one generation with its rows to the start, under a higher epoch, and leaves the others',
    withCheckpoints(async ({ checkpoints, assign, rows }) => {
      const before = await checkpoints.commit(batch(await assign(), at(5), { a: 1 }));
      const next = await checkpoints.assign('rules', 2, 3);
      await checkpoints.reset('rules', 1, ['states', 'never-written']);
      expect(await rows()).toEqual({});
      const late = checkpoints.commit(batch(before, at(6), { a: 1 }));
      await expect(late).rejects.toMatchObject({ code: 'checkpoint_moved' });
      const again = await assign();
      expect(again).toEqual({ epoch: expect.any(Number), nextOffset: '0', lastPosition: null });
      expect(again.epoch).toBeGreaterThan(before.epoch);
      expect((await checkpoints.progress('rules', 2)).get(3)).toEqual(next);
    }),
  );
}
