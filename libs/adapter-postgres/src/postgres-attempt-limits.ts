// Failed attempts in PostgreSQL, counted by all processes together; bounded in age and number.
import { hash as digest } from 'node:crypto';
import {
  AttemptLimits,
  attemptDelayMs,
  attemptsForgottenMs,
  secondsLeft,
  type Clock,
  type FailedAttempt,
} from '@sallyport/engine';
import type { PostgresDatabase } from './database.js';

const sweepMs = 60_000;
/** Keys in all; strangers can make them, at the price of a password that is hashed for each. */
const maxKeys = 1_000_000;
/** Rows that one sweep deletes at most. */
const maxSwept = 100_000;
const tagBytes = 16;

/** `bigint` comes as text. */
interface Stored {
  readonly failures: string;
  readonly last_at: string;
}

/** By the clocks of the processes, which differ by little: a delay is no lease. */
export class PostgresAttemptLimits extends AttemptLimits {
  private sweptAtMs = 0;

  constructor(
    private readonly database: PostgresDatabase,
    private readonly clock: Clock,
  ) {
    super();
  }

  async retryAfterSeconds(space: string, key: string): Promise<number> {
    const [row] = await this.database.read<Stored>(
      'SELECT failures, last_at FROM sallyport.failed_attempts WHERE space = $1 AND tag = $2',
      [space, tagOf(key)],
    );
    return row === undefined ? 0 : secondsLeft(Number(row.failures), Number(row.last_at), this.clock.now());
  }

  async failed(space: string, key: string): Promise<FailedAttempt> {
    const now = this.clock.now();
    const { rows } = await this.database.write<Stored>(
      `INSERT INTO sallyport.failed_attempts AS stored VALUES ($1, $2, 1, $3)
         ON CONFLICT (space, tag) DO UPDATE SET
           failures = CASE WHEN $3 - stored.last_at > $4 THEN 1 ELSE stored.failures + 1 END,
           last_at = greatest(stored.last_at, $3)
         RETURNING failures, last_at`,
      [space, tagOf(key), now, attemptsForgottenMs],
    );
    if (now - this.sweptAtMs >= sweepMs) this.sweep(now);
    const failures = Number(rows[0]?.failures);
    return { failures, delaySeconds: attemptDelayMs(failures) / 1000 };
  }

  async succeeded(space: string, key: string): Promise<void> {
    await this.database.write('DELETE FROM sallyport.failed_attempts WHERE space = $1 AND tag = $2', [
      space,
      tagOf(key),
    ]);
  }

  /** Deletes what is forgotten and the oldest of too many, off the answer's path; what fails waits. */
  private sweep(now: number): void {
    this.sweptAtMs = now;
    const swept = this.database.write(
      `DELETE FROM sallyport.failed_attempts WHERE (space, tag) IN (
         SELECT space, tag FROM sallyport.failed_attempts
           WHERE last_at < greatest($1, (
             SELECT last_at FROM sallyport.failed_attempts ORDER BY last_at DESC OFFSET $2 LIMIT 1))
           LIMIT $3)`,
      [now - attemptsForgottenMs, maxKeys, maxSwept],
    );
    swept.catch(() => undefined);
  }
}

/** Of one size, whatever is tried. */
function tagOf(key: string): Buffer {
  return digest('sha256', key, 'buffer').subarray(0, tagBytes);
}
