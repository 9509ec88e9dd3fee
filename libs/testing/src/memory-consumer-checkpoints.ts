// Checkpoints of consumers in memory, on a view store in memory, for tests of consumers.
import {
  ConsumerCheckpoints,
  EngineError,
  type ConsumerCheckpoint,
  type ConsumerCommit,
} from '@sallyport/engine';
import type { MemoryViewStore } from './memory-view-store.js';

export class MemoryConsumerCheckpoints extends ConsumerCheckpoints {
  /** By consumer and generation, then by partition. */
  private readonly stored = new Map<string, Map<number, ConsumerCheckpoint>>();

  constructor(private readonly views: MemoryViewStore) {
    super();
  }

  async assign(consumer: string, generation: number, partition: number): Promise<ConsumerCheckpoint> {
    const partitions = this.of(consumer, generation);
    const before = partitions.get(partition) ?? { epoch: 0, nextOffset: '0', lastPosition: null };
    const assigned = { ...before, epoch: before.epoch + 1 };
    partitions.set(partition, assigned);
    return assigned;
  }

  async commit({ of, from, to, changes }: ConsumerCommit): Promise<ConsumerCheckpoint> {
    const partitions = this.of(of.consumer, of.generation);
    const stored = partitions.get(of.partition);
    if (stored?.epoch !== from.epoch || stored.nextOffset !== from.nextOffset) {
      throw new EngineError('checkpoint_moved');
    }
    this.views.write(of.generation, changes);
    const { nextOffset, lastPosition } = to;
    const committed = { epoch: from.epoch, nextOffset, lastPosition };
    partitions.set(of.partition, committed);
    return committed;
  }

  async progress(consumer: string, generation: number): Promise<Map<number, ConsumerCheckpoint>> {
    return new Map(this.of(consumer, generation));
  }

  async reset(consumer: string, generation: number, views: readonly string[]): Promise<void> {
    for (const [partition, { epoch }] of this.of(consumer, generation)) {
      const start = { epoch: epoch + 1, nextOffset: '0', lastPosition: null };
      this.of(consumer, generation).set(partition, start);
    }
    this.views.clear(generation, views);
  }

  private of(consumer: string, generation: number): Map<number, ConsumerCheckpoint> {
    const key = `${consumer}:${generation}`;
    const partitions = this.stored.get(key) ?? new Map<number, ConsumerCheckpoint>();
    this.stored.set(key, partitions);
    return partitions;
  }
}
