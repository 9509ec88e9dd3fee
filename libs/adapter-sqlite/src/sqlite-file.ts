// Opens a database file with the settings its guarantees rest on, and refuses files it does not understand.
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { Database, type Connection } from './driver.js';
import { SqliteFileError } from './errors.js';

export type { Connection };

/** A kind of file and its schema. `migrations[n]` leads from `user_version` n to n + 1. */
export interface FileKind {
  readonly name: string;
  /** SQLite `application_id`, so that a vault is never opened as a ledger. */
  readonly applicationId: number;
  readonly migrations: readonly string[];
}

export interface WriteSettings {
  /** `FULL` syncs the log at every commit: what is acknowledged survives a power loss. */
  readonly synchronous: 'FULL' | 'NORMAL' | 'OFF';
  readonly cacheKiB?: number;
  /** Pages in the log before a commit copies them into the file. */
  readonly checkpointPages?: number;
  readonly secureDelete?: boolean;
}

const BUSY_TIMEOUT_MS = 5_000;

/** Opens (or creates, mode 0600) a file for its one writer and brings its schema up to date. */
export function openForWriting(file: string, kind: FileKind, settings: WriteSettings): Connection {
  createPrivately(file);
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    checkKind(db, file, kind);
    if (settings.secureDelete) db.pragma('secure_delete = ON');
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${settings.synchronous}`);
    db.pragma(`cache_size = -${settings.cacheKiB ?? 16_384}`);
    db.pragma(`wal_autocheckpoint = ${settings.checkpointPages ?? 1_000}`);
    migrate(db, kind);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Makes an empty file that only its owner can read, unless it exists. An existing one is not opened: closing
 * any descriptor of a file drops all of this process's fcntl locks on it, and with them those of SQLite.
 */
export function createPrivately(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'wx', 0o600));
  chmodSync(file, 0o600);
}

/**
 * Opens an existing file beside its writer, in another thread or process. Reads only, in short transactions.
 */
export function openForReading(file: string, kind: FileKind): Connection {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    checkKind(db, file, kind);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function checkKind(db: Connection, file: string, kind: FileKind): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  const applicationId = db.pragma('application_id', { simple: true }) as number;
  const empty = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
  if (!empty && applicationId !== kind.applicationId) {
    throw new SqliteFileError(
      'foreign_file',
      `${file} is not a ${kind.name} file. Move it away or name another path.`,
    );
  }
  if (version > kind.migrations.length) {
    throw new SqliteFileError(
      'schema_newer',
      `${file} was written by a newer version (${kind.name} schema ${version}, this version knows up to ` +
        `${kind.migrations.length}). Start the newer version, or restore a backup made with this one.`,
    );
  }
}

function migrate(db: Connection, kind: FileKind): void {
  const upgrade = db.transaction(() => {
    const version = db.pragma('user_version', { simple: true }) as number;
    for (const step of kind.migrations.slice(version)) db.exec(step);
    if (version === kind.migrations.length) return;
    db.pragma(`application_id = ${kind.applicationId}`);
    db.pragma(`user_version = ${kind.migrations.length}`);
  });
  upgrade.immediate();
}
