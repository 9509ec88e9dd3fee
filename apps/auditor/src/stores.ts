// The files of a data directory behind the ports, opened read-only beside the service that writes them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteEventReader, SqliteFeed, SqliteLedgerCheck } from '@sallyport/adapter-sqlite';
import { AuditFailure } from './failure.js';

export interface Ledger {
  readonly feed: SqliteFeed;
  readonly store: SqliteEventReader;
  readonly files: SqliteLedgerCheck;
}

/** Opens the ledger for the work and closes it after. Throws `AuditFailure` `unavailable` where there is none. */
export async function withLedger<T>(dataDir: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const file = fileIn(dataDir, 'ledger.sqlite');
  const open: { close(): void }[] = [];
  const opened = <Opened extends { close(): void }>(one: Opened): Opened => {
    open.push(one);
    return one;
  };
  try {
    const feed = opened(SqliteFeed.openReadOnly(file));
    const store = opened(SqliteEventReader.openReadOnly(file));
    const files = opened(SqliteLedgerCheck.openReadOnly(file));
    return await work({ feed, store, files });
  } finally {
    for (const one of open) one.close();
  }
}

/** The path of a file that must be there. */
export function fileIn(dataDir: string, name: string): string {
  const file = join(dataDir, name);
  if (existsSync(file)) return file;
  const advice = 'Name the data directory of a service with --data-dir.';
  throw new AuditFailure('unavailable', `There is no ${name} in ${dataDir}. ${advice}`);
}
