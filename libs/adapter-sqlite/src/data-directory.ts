// One process per data directory: a lock that the kernel lets go when the process ends, however it ends.
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database, type Connection } from './driver.js';
import { SqliteFileError } from './errors.js';
import { createPrivately } from './sqlite-file.js';

const LOCK_FILE = 'lock.sqlite';
const HOLDER_FILE = 'lock.pid';

export interface DirectoryLock {
  readonly directory: string;
  release(): void;
}

/**
 * Makes the directory (0700) if need be and takes its lock until `release` or the end of the process.
 * Throws `SqliteFileError` `data_directory_in_use`, naming the holder, or `data_directory_unusable`.
 */
export function lockDataDirectory(directory: string): DirectoryLock {
  prepareDirectory(directory);
  const holderFile = join(directory, HOLDER_FILE);
  const db = takeLock(directory);
  writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  return {
    directory,
    release: () => {
      if (!db.open) return;
      rmSync(holderFile, { force: true });
      db.close();
    },
  };
}

function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Ours alone: closed to others. A directory that holds other things is left as its owner made it.
    if (readdirSync(directory).length === 0 || existsSync(join(directory, LOCK_FILE)))
      chmodSync(directory, 0o700);
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** An exclusive transaction that is never finished: SQLite's fcntl lock on the file ends with the process. */
function takeLock(directory: string): Connection {
  const file = join(directory, LOCK_FILE);
  let db: Connection | undefined;
  try {
    createPrivately(file);
    db = new Database(file, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    // By its code: the addon keeps the error class of whoever loaded it first, so `instanceof` can say no.
    const code = (error as { code?: unknown }).code;
    throw String(code).startsWith('SQLITE_BUSY') ? inUse(directory, error) : unusable(directory, error);
  }
}

function inUse(directory: string, cause: unknown): SqliteFileError {
  const message =
    `The data directory ${directory} is in use by another process${holder(directory)}. Stop that process, ` +
    'or name another directory; tools talk to the running process instead of opening its files.';
  return new SqliteFileError('data_directory_in_use', message, { cause });
}

function unusable(directory: string, cause: unknown): SqliteFileError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `The data directory ${directory} cannot be used: ${reason}. Name a writable one.`;
  return new SqliteFileError('data_directory_unusable', message, { cause });
}

function holder(directory: string): string {
  try {
    const pid = readFileSync(join(directory, HOLDER_FILE), 'utf8').trim();
    return /^\d+$/.test(pid) ? ` (pid ${pid})` : '';
  } catch {
    return '';
  }
}
