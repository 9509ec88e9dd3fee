// Checkpoints of a bus's consumers beside their views: rows and checkpoint in one transaction.
import {
  ConsumerCheckpoints,
  EngineError,
  type ConsumerCheckpoint,
  type ConsumerCommit,
} from '@sallyport/engine';
import type { PostgresDatabase } from './database.js';
import type { ViewTables } from './view-tables.js';

interface Stored {
  readonly partition: number;
  /** A `bigint` comes as text. */
  readonly epoch: string;
  readonly next_offset: string;
  readonly last_position: string | null;
}

const columns = 'partition, epoch, next_offset, last_position';

export class PostgresConsumerCheckpoints extends ConsumerCheckpoints {
  constructor(
    private readonly database: PostgresDatabase,
    private readonly tables: ViewTables,
  ) {
    super();
  }

  async assign(consumer: string, generation: number, partition: number): Promise<ConsumerCheckpoint> {
    const { rows } = await this.database.write<Stored>(
      `INSERT INTO sallyport.consumer_checkpoints AS stored VALUES ($1, $2, $3, 1, '0', NULL)
         ON CONFLICT (consumer, generation, partition) DO UPDATE SET epoch = stored.epoch + 1
         RETURNING ${columns}`,
      [consumer, generation, partition],
    );
    return toCheckpoint(rows[0] as Stored);
  }

  async commit({ of, from, to, changes }: ConsumerCommit): Promise<ConsumerCheckpoint> {
    const { consumer, generation, partition } = of;
    const { nextOffset, lastPosition } = to;
    await this.tables.prepare(generation, changes);
    // The row stays locked until the end: an assignment waits for it, or comes first and is seen.
    const checkpoint = {
      text: `UPDATE sallyport.consumer_checkpoints SET next_offset = $4, last_position = $5
        WHERE consumer = $1 AND generation = $2 AND partition = $3 AND epoch = $6 AND next_offset = $7`,
      values: [consumer, generation, partition, nextOffset, lastPosition, from.epoch, from.nextOffset],
    };
    const { text, values } = this.tables.moving(checkpoint, generation, changes);
    const { count } = await this.database.write(text, values);
    if (count !== 1) throw new EngineError('checkpoint_moved');
    return { epoch: from.epoch, nextOffset, lastPosition };
  }

  async progress(consumer: string, generation: number): Promise<Map<number, ConsumerCheckpoint>> {
    const rows = await this.database.read<Stored>(
      `SELECT ${columns} FROM sallyport.consumer_checkpoints
         WHERE consumer = $1 AND generation = $2 ORDER BY partition`,
      [consumer, generation],
    );
    return new Map(rows.map((row) => [row.partition, toCheckpoint(row)]));
  }

  reset(consumer: string, generation: number, views: readonly string[]): Promise<void> {
    return this.database.transaction(async (queries) => {
      await queries.run(
        `UPDATE sallyport.consumer_checkpoints
           SET epoch = epoch + 1, next_offset = '0', last_position = NULL
           WHERE consumer = $1 AND generation = $2`,
        [consumer, generation],
      );
      await this.tables.clear(queries, generation, views);
    });
  }
}

function toCheckpoint({ epoch, next_offset, last_position }: Stored): ConsumerCheckpoint {
  return { epoch: Number(epoch), nextOffset: next_offset, lastPosition: last_position };
}
