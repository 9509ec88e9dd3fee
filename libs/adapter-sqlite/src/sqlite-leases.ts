// Leases on one SQLite file of their own: for processes on one machine, by the clock they share.
import { Leases, type LeaseTaken } from '@sallyport/engine';
import type { Statement } from 'better-sqlite3';
import { settle } from './errors.js';
import { openForWriting, type Connection, type FileKind } from './sqlite-file.js';

/** A row stays when its lease ends, as it keeps the epoch. */
const LEASES_FILE: FileKind = {
  name: 'leases',
  applicationId: 0x53504c31,
  migrations: [
    `CREATE TABLE leases (
       name TEXT NOT NULL PRIMARY KEY,
       holder TEXT NOT NULL,
       epoch INTEGER NOT NULL,
       ttl_ms INTEGER NOT NULL,
       expires_at INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;`,
  ],
};

/** The clock of the store, in milliseconds: read while the file is locked for writing. */
const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const LIVE = `name = ? AND holder = ? AND epoch = ? AND expires_at > ${NOW}`;

export class SqliteLeases extends Leases {
  private readonly takeFree: Statement;
  private readonly putOff: Statement;
  private readonly end: Statement;

  private constructor(private readonly db: Connection) {
    super();
    this.takeFree = db.prepare(
      `INSERT INTO leases AS held VALUES (:name, :holder, 1, :ttlMs, ${NOW} + :ttlMs)
         ON CONFLICT DO UPDATE SET
           holder = excluded.holder,
           epoch = held.epoch + 1,
           ttl_ms = excluded.ttl_ms,
           expires_at = excluded.expires_at
         WHERE held.expires_at <= ${NOW}
         RETURNING epoch, expires_at`,
    );
    this.putOff = db.prepare(`UPDATE leases SET expires_at = ${NOW} + ttl_ms WHERE ${LIVE}`);
    this.end = db.prepare(`UPDATE leases SET expires_at = 0 WHERE ${LIVE}`);
  }

  /** Opens or creates the file; other processes of this machine may have it open too. */
  static open(file: string): SqliteLeases {
    return new SqliteLeases(openForWriting(file, LEASES_FILE, { synchronous: 'FULL' }));
  }

  take(name: string, holder: string, ttlMs: number): Promise<LeaseTaken | undefined> {
    return settle(() => {
      const row = this.takeFree.get({ name, holder, ttlMs }) as
        { epoch: number; expires_at: number } | undefined;
      return row && { name, holder, epoch: row.epoch, expiresAt: row.expires_at };
    });
  }

  renew({ name, holder, epoch }: LeaseTaken): Promise<boolean> {
    return settle(() => this.putOff.run(name, holder, epoch).changes > 0);
  }

  release({ name, holder, epoch }: LeaseTaken): Promise<void> {
    return settle(() => void this.end.run(name, holder, epoch));
  }

  close(): void {
    this.db.close();
  }
}
