// Leases in PostgreSQL, by the clock of the database.
import { Leases, type LeaseTaken } from '@sallyport/engine';
import type { PostgresDatabase } from './database.js';

const live = 'name = $1 AND holder = $2 AND epoch = $3 AND expires_at > clock_timestamp()';
/** Not the transaction's time: that is when it began, before it waited for another one's lock. */
const end = "clock_timestamp() + $3::bigint * interval '1 millisecond'";

export class PostgresLeases extends Leases {
  constructor(private readonly database: PostgresDatabase) {
    super();
  }

  async take(name: string, holder: string, ttlMs: number): Promise<LeaseTaken | undefined> {
    // A row stays when its lease ends, as it keeps the epoch.
    const { rows } = await this.database.write<{ epoch: string; expires_at: string }>(
      `INSERT INTO sallyport.leases AS held VALUES ($1, $2, 1, $3, ${end})
         ON CONFLICT (name) DO UPDATE SET
           holder = excluded.holder,
           epoch = held.epoch + 1,
           ttl_ms = excluded.ttl_ms,
           expires_at = ${end}
         WHERE held.expires_at <= clock_timestamp()
         RETURNING epoch, floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_at`,
      [name, holder, ttlMs],
    );
    const [row] = rows;
    return row && { name, holder, epoch: Number(row.epoch), expiresAt: Number(row.expires_at) };
  }

  async renew({ name, holder, epoch }: LeaseTaken): Promise<boolean> {
    const { count } = await this.database.write(
      `UPDATE sallyport.leases SET expires_at = clock_timestamp() + ttl_ms * interval '1 millisecond'
         WHERE ${live}`,
      [name, holder, epoch],
    );
    return count === 1;
  }

  async release({ name, holder, epoch }: LeaseTaken): Promise<void> {
    await this.database.write(
      `UPDATE sallyport.leases SET expires_at = '-infinity' WHERE ${live}`,
      [name, holder, epoch],
    );
  }
}
