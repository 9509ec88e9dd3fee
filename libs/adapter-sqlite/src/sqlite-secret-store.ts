// Wrapped secrets on one SQLite file of their own, from which a deleted secret is gone to the last byte.
import { SecretStore } from '@sallyport/engine';
import { settle } from './errors.js';
import { openForWriting, type Connection, type FileKind } from './sqlite-file.js';

const VAULT_FILE: FileKind = {
  name: 'vault',
  applicationId: 0x53505331,
  migrations: [
    `CREATE TABLE secrets (
       kind TEXT NOT NULL,
       name TEXT NOT NULL,
       wrapped BLOB NOT NULL,
       PRIMARY KEY (kind, name)
     ) STRICT, WITHOUT ROWID;`,
  ],
};

export class SqliteSecretStore extends SecretStore {
  private constructor(private readonly db: Connection) {
    super();
  }

  /** Opens or creates the file. The caller holds the lock on its directory. Throws `SqliteFileError`. */
  static open(file: string): SqliteSecretStore {
    return new SqliteSecretStore(openForWriting(file, VAULT_FILE, { synchronous: 'FULL', secureDelete: true }));
  }

  putIfAbsent(kind: string, name: string, wrapped: Uint8Array): Promise<Uint8Array> {
    return settle(() => {
      this.db.prepare('INSERT OR IGNORE INTO secrets VALUES (?, ?, ?)').run(kind, name, wrapped);
      return this.stored(kind, name) ?? wrapped;
    });
  }

  put(kind: string, name: string, wrapped: Uint8Array): Promise<void> {
    return settle(() => {
      const replaces = this.stored(kind, name) !== undefined;
      this.db.prepare('INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)').run(kind, name, wrapped);
      if (replaces) this.emptyLog();
    });
  }

  get(kind: string, name: string): Promise<Uint8Array | undefined> {
    return settle(() => this.stored(kind, name));
  }

  list(kind: string): Promise<{ readonly name: string; readonly wrapped: Uint8Array }[]> {
    return settle(() => {
      const rows = this.db.prepare('SELECT name, wrapped FROM secrets WHERE kind = ? ORDER BY name').all(kind);
      return (rows as { name: string; wrapped: Uint8Array }[]).map(({ name, wrapped }) => ({
        name,
        wrapped: new Uint8Array(wrapped),
      }));
    });
  }

  delete(kind: string, name: string): Promise<void> {
    return settle(() => {
      this.db.prepare('DELETE FROM secrets WHERE kind = ? AND name = ?').run(kind, name);
      this.emptyLog();
    });
  }

  close(): void {
    this.db.close();
  }

  private stored(kind: string, name: string): Uint8Array | undefined {
    const row = this.db.prepare('SELECT wrapped FROM secrets WHERE kind = ? AND name = ?').get(kind, name);
    return row === undefined ? undefined : new Uint8Array((row as { wrapped: Uint8Array }).wrapped);
  }

  /** The log still holds the pages as they were: copy it into the file and cut it to nothing. */
  private emptyLog(): void {
    const [result] = this.db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (result?.busy !== 0) throw new Error('the vault is being read elsewhere: its log could not be emptied');
  }
}
