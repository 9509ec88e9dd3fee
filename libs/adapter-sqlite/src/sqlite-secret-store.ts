// Wrapped secrets on one SQLite file of their own, from which a deleted secret is gone to the last byte.
import { hash as digest } from 'node:crypto';
import { SecretStore } from '@sallyport/engine';
import type { Statement } from 'better-sqlite3';
import { settle } from './errors.js';
import { openForWriting, type Connection, type FileKind } from './sqlite-file.js';

/**
 * `secure_delete` clears a deleted cell, but not the stale copies that stay in the unused part of a page when
 * SQLite moves rows between pages. So rows never move here: they are only ever added at the end, and deleting
 * one overwrites it in place with zeros of the same length (SQLite does that when the record's size is equal)
 * and leaves the row. The index, whose entries do move, holds a hash of the name and nothing of the secret.
 */
const VAULT_FILE: FileKind = {
  name: 'vault',
  applicationId: 0x53505331,
  migrations: [
    `CREATE TABLE secrets (
       id INTEGER PRIMARY KEY,
       live INTEGER NOT NULL,
       kind TEXT NOT NULL,
       tag BLOB NOT NULL,
       name TEXT NOT NULL,
       wrapped BLOB NOT NULL
     ) STRICT;
     CREATE UNIQUE INDEX live_secrets ON secrets (kind, tag) WHERE live = 1;`,
  ],
};

const TAG_BYTES = 16;

interface Stored {
  readonly id: number;
  readonly name: string;
  readonly wrapped: Uint8Array;
}

export class SqliteSecretStore extends SecretStore {
  private readonly find: Statement;
  private readonly ofKind: Statement;
  private readonly add: Statement;
  private readonly overwrite: Statement;

  private constructor(private readonly db: Connection) {
    super();
    const select = 'SELECT id, name, wrapped FROM secrets WHERE live = 1 AND kind = ?';
    this.find = db.prepare(`${select} AND tag = ?`);
    this.ofKind = db.prepare(`${select} ORDER BY name`);
    this.add = db.prepare('INSERT INTO secrets (live, kind, tag, name, wrapped) VALUES (1, ?, ?, ?, ?)');
    this.overwrite = db.prepare('UPDATE secrets SET live = 0, tag = ?, name = ?, wrapped = ? WHERE id = ?');
  }

  /** Opens or creates the file. The caller holds the lock on its directory. Throws `SqliteFileError`. */
  static open(file: string): SqliteSecretStore {
    return new SqliteSecretStore(
      openForWriting(file, VAULT_FILE, { synchronous: 'FULL', secureDelete: true }),
    );
  }

  putIfAbsent(kind: string, name: string, wrapped: Uint8Array): Promise<Uint8Array> {
    return settle(() => {
      const work = this.db.transaction(() => {
        const stored = this.stored(kind, name);
        if (stored === undefined) this.insert(kind, name, wrapped);
        return new Uint8Array(stored?.wrapped ?? wrapped);
      });
      return work.immediate();
    });
  }

  put(kind: string, name: string, wrapped: Uint8Array): Promise<void> {
    return settle(() => {
      const work = this.db.transaction(() => {
        const erased = this.erase(kind, name);
        this.insert(kind, name, wrapped);
        return erased;
      });
      if (work.immediate()) this.emptyLog();
    });
  }

  get(kind: string, name: string): Promise<Uint8Array | undefined> {
    return settle(() => {
      const stored = this.stored(kind, name);
      return stored === undefined ? undefined : new Uint8Array(stored.wrapped);
    });
  }

  list(kind: string): Promise<{ readonly name: string; readonly wrapped: Uint8Array }[]> {
    return settle(() => {
      const rows = this.ofKind.all(kind) as Stored[];
      return rows.map(({ name, wrapped }) => ({ name, wrapped: new Uint8Array(wrapped) }));
    });
  }

  delete(kind: string, name: string): Promise<void> {
    return settle(() => {
      this.db.transaction(() => this.erase(kind, name)).immediate();
      // Also when there was nothing: an earlier delete may have ended before it had emptied the log.
      this.emptyLog();
    });
  }

  close(): void {
    this.db.close();
  }

  private stored(kind: string, name: string): Stored | undefined {
    return this.find.get(kind, tagOf(name)) as Stored | undefined;
  }

  private insert(kind: string, name: string, wrapped: Uint8Array): void {
    this.add.run(kind, tagOf(name), name, wrapped);
  }

  private erase(kind: string, name: string): boolean {
    const stored = this.stored(kind, name);
    if (stored === undefined) return false;
    const blank = '-'.repeat(Buffer.byteLength(stored.name));
    this.overwrite.run(Buffer.alloc(TAG_BYTES), blank, Buffer.alloc(stored.wrapped.length), stored.id);
    return true;
  }

  /** The log still holds the pages as they were: copy it into the file and cut it to nothing. */
  private emptyLog(): void {
    const [result] = this.db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (result?.busy !== 0)
      throw new Error('the vault is being read elsewhere: its log could not be emptied');
  }
}

function tagOf(name: string): Buffer {
  return digest('sha256', name, 'buffer').subarray(0, TAG_BYTES);
}
