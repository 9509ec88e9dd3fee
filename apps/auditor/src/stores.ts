// The files of a data directory behind the ports, opened read-only beside the service that writes them.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  SqliteEventReader,
  SqliteFeed,
  SqliteLedgerCheck,
  SqliteViewStore,
} from '@sallyport/adapter-sqlite';
import { AuditFailure } from './failure.js';

export interface Ledger {
  readonly feed: SqliteFeed;
  readonly store: SqliteEventReader;
  readonly files: SqliteLedgerCheck;
}

export interface Views {
  /** A copy of the live ones, made in one short transaction: it stands still and holds nobody up. */
  readonly live: SqliteViewStore;
  /** Empty. */
  readonly rebuilt: SqliteViewStore;
}

/** Opens the ledger for the work and closes it after. Throws `AuditFailure` where there is none. */
export async function withLedger<T>(dataDir: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const file = fileIn(dataDir, 'ledger.sqlite');
  const open = new OpenFiles();
  try {
    const feed = open.add(SqliteFeed.openReadOnly(file));
    const store = open.add(SqliteEventReader.openReadOnly(file));
    const files = open.add(SqliteLedgerCheck.openReadOnly(file));
    return await work({ feed, store, files });
  } finally {
    open.close();
  }
}

/** The same for views, in a temporary folder that only this user can read and that goes with the work. */
export async function withViews<T>(dataDir: string, work: (views: Views) => Promise<T>): Promise<T> {
  const file = fileIn(dataDir, 'views.sqlite');
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-auditor-'));
  const open = new OpenFiles();
  try {
    const copy = join(folder, 'live.sqlite');
    SqliteViewStore.copy(file, copy);
    const live = open.add(SqliteViewStore.openReadOnly(copy));
    const rebuilt = open.add(SqliteViewStore.open(join(folder, 'rebuilt.sqlite'), 'OFF'));
    return await work({ live, rebuilt });
  } finally {
    open.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class OpenFiles {
  private readonly files: { close(): void }[] = [];

  add<File extends { close(): void }>(file: File): File {
    this.files.push(file);
    return file;
  }

  close(): void {
    for (const file of this.files) file.close();
  }
}

function fileIn(dataDir: string, name: string): string {
  const file = join(dataDir, name);
  if (existsSync(file)) return file;
  const advice = 'Name the data directory of a service with --data-dir.';
  throw new AuditFailure('unavailable', `There is no ${name} in ${dataDir}. ${advice}`);
}
