// What the checkpoints of other processes say of one account's rows.
import { partitionOf } from '@sallyport/engine';
import type { ConsumerCheckpoint, RecordedEvent } from '@sallyport/engine';
import { CheckpointProgress } from './checkpoint-progress.js';

const partitions = 4;
const consumer = { name: 'views', generation: 1 };
const mine = partitionOf('ada', partitions);
const other = (mine + 1) % partitions;

/** A ledger of these partition keys in order, and checkpoints at the positions given. */
function progressOf(keys: readonly string[], places: Readonly<Record<number, string>>) {
  const events = keys.map((partitionKey, index) => {
    return { position: String(index + 1), partitionKey, recordedAt: new Date(index * 1_000).toISOString() };
  }) as unknown as RecordedEvent[];
  const stored = new Map<number, ConsumerCheckpoint>();
  for (let partition = 0; partition < partitions; partition += 1) {
    stored.set(partition, { epoch: 1, nextOffset: '0', lastPosition: places[partition] ?? null });
  }
  const feed = {
    head: () => Promise.resolve(events.at(-1)?.position ?? null),
    read: (after: string | null, limit: number) => {
      return Promise.resolve(events.filter(({ position }) => +position > +(after ?? 0)).slice(0, limit));
    },
  };
  const checkpoints = { progress: () => Promise.resolve(new Map(stored)) };
  const clock = { now: () => 60_000 };
  const progress = new CheckpointProgress({ checkpoints, consumer, feed, clock, pollMs: 1 });
  const move = (partition: number, lastPosition: string) => {
    stored.set(partition, { epoch: 1, nextOffset: '9', lastPosition });
  };
  return { progress, move };
}

describe('progress by checkpoints', () => {
  it("shows a position once the account's own partition is at it", async () => {
    const { progress, move } = progressOf(['ada', 'bob', 'ada'], { [mine]: '1', [other]: '3' });
    expect(await progress.position('ada')).toBe('1');
    expect(await progress.waitFor('3', 20, 'ada')).toBe(false);
    const waits = progress.waitFor('3', 2_000, 'ada');
    move(mine, '3');
    expect(await waits).toBe(true);
  });

  it('shows what happened to others as soon as nothing of the account is missing', async () => {
    const { progress } = progressOf(['ada', 'bob', 'bob', 'bob'], { [mine]: '1' });
    expect(await progress.waitFor('4', 20, 'ada')).toBe(true);
    expect(await progress.waitFor('9', 20, 'ada')).toBe(false);
  });

  it('shows nothing while nobody has followed the bus yet', async () => {
    const { progress } = progressOf(['ada'], {});
    expect(await progress.position('ada')).toBeNull();
    expect(await progress.waitFor('1', 20, 'ada')).toBe(false);
  });

  it('tells how old the first event is that the furthest partition does not show', async () => {
    const { progress } = progressOf(['ada', 'bob', 'cyd'], { [mine]: '1' });
    expect(await progress.lag()).toEqual({ events: 2, seconds: 59 });
  });
});
