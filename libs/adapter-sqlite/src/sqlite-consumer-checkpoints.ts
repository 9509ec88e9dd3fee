// Checkpoints of a bus's consumers in the file of their views: rows and checkpoint in one transaction.
import {
  ConsumerCheckpoints,
  EngineError,
  type ConsumerCheckpoint,
  type ConsumerCommit,
} from '@sallyport/engine';
import { settle } from './errors.js';
import type { Connection } from './sqlite-file.js';
import type { ViewTables } from './view-tables.js';

interface Stored {
  readonly partition: number;
  readonly epoch: number;
  readonly next_offset: string;
  readonly last_position: string | null;
}

/** Part of a `SqliteViewStore`, which opens and closes the file. */
export class SqliteConsumerCheckpoints extends ConsumerCheckpoints {
  constructor(
    private readonly db: Connection,
    private readonly tables: ViewTables,
  ) {
    super();
  }

  assign(consumer: string, generation: number, partition: number): Promise<ConsumerCheckpoint> {
    return settle(() => {
      const raise = this.tables.prepare(
        `INSERT INTO consumer_checkpoints VALUES (?, ?, ?, 1, '0', NULL)
           ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING *`,
      );
      return toCheckpoint(raise.get(consumer, generation, partition) as Stored);
    });
  }

  commit(commit: ConsumerCommit): Promise<ConsumerCheckpoint> {
    return settle(() => this.db.transaction(() => this.write(commit)).immediate());
  }

  progress(consumer: string, generation: number): Promise<Map<number, ConsumerCheckpoint>> {
    return settle(() => {
      const query = this.tables.prepare(
        'SELECT * FROM consumer_checkpoints WHERE consumer = ? AND generation = ? ORDER BY partition',
      );
      const rows = query.all(consumer, generation) as Stored[];
      return new Map(rows.map((row) => [row.partition, toCheckpoint(row)]));
    });
  }

  reset(consumer: string, generation: number, views: readonly string[]): Promise<void> {
    return settle(() => {
      const erase = this.db.transaction(() => {
        const restart = `UPDATE consumer_checkpoints
          SET epoch = epoch + 1, next_offset = '0', last_position = NULL
          WHERE consumer = ? AND generation = ?`;
        this.tables.prepare(restart).run(consumer, generation);
        this.tables.clear(generation, views);
      });
      erase.immediate();
    });
  }

  private write({ of, from, to, changes }: ConsumerCommit): ConsumerCheckpoint {
    const { consumer, generation, partition } = of;
    const { nextOffset, lastPosition } = to;
    const move = `UPDATE consumer_checkpoints SET next_offset = ?, last_position = ?
      WHERE consumer = ? AND generation = ? AND partition = ? AND epoch = ? AND next_offset = ?`;
    const where = [consumer, generation, partition, from.epoch, from.nextOffset];
    const { changes: moved } = this.tables.prepare(move).run(nextOffset, lastPosition, ...where);
    if (moved === 0) throw new EngineError('checkpoint_moved');
    this.tables.write(generation, changes);
    return { epoch: from.epoch, nextOffset, lastPosition };
  }
}

function toCheckpoint({ epoch, next_offset, last_position }: Stored): ConsumerCheckpoint {
  return { epoch, nextOffset: next_offset, lastPosition: last_position };
}
