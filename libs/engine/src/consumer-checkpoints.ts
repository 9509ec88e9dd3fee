// The port by which consumers of a partitioned bus write rows: each batch once, by the partition's owner.
import type { Position } from './event.js';
import type { ViewCommit } from './view-store.js';

/** A partition as one generation of a consumer reads it. */
export interface ConsumerPartition {
  readonly consumer: string;
  readonly generation: number;
  readonly partition: number;
}

/** How far a partition is handled, and whose turn it is. */
export interface ConsumerCheckpoint {
  /** Grows by one with each assignment; only its latest owner's writes count. */
  readonly epoch: number;
  /** The bus's offset to go on from: a decimal integer, `0` at first. */
  readonly nextOffset: string;
  /** The position of the last event handled; `null` before the first. */
  readonly lastPosition: Position | null;
}

export interface ConsumerCommit {
  readonly of: ConsumerPartition;
  /** The checkpoint that the batch was handled from. */
  readonly from: ConsumerCheckpoint;
  /** The one it leads to. An equal offset is fine: then rows change and nothing was read. */
  readonly to: Pick<ConsumerCheckpoint, 'nextOffset' | 'lastPosition'>;
  /** Rows of views of the consumer's generation, its outbox among them; `ViewStore` reads them. */
  readonly changes: ViewCommit['changes'];
}

export abstract class ConsumerCheckpoints {
  /**
   * Makes the caller the partition's owner: raises the epoch, durably, so that no write of an owner before
   * counts any more, and resolves with where to go on. State is loaded after this, not before.
   */
  abstract assign(consumer: string, generation: number, partition: number): Promise<ConsumerCheckpoint>;

  /**
   * Writes all changes (a `null` row deletes) and the checkpoint in one transaction, or nothing; resolves
   * with the checkpoint to hand to the next commit. Rejects with `checkpoint_moved`, writing nothing, unless
   * epoch and offset are the stored ones. After `outcome_unknown`: `assign`, and go on from there.
   */
  abstract commit(commit: ConsumerCommit): Promise<ConsumerCheckpoint>;

  /** The checkpoints of all partitions that were ever assigned, by partition. */
  abstract progress(consumer: string, generation: number): Promise<Map<number, ConsumerCheckpoint>>;

  /**
   * Sets all partitions back to their start and deletes the rows of the views, in one transaction. Epochs
   * rise: no write from before counts.
   */
  abstract reset(consumer: string, generation: number, views: readonly string[]): Promise<void>;
}
