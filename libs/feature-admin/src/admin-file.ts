// How the admin command finds the running service: a file in the data directory that only its owner can read.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const fileName = 'admin.json';

/** What the file says. Whoever can read it can do everything an operator can. */
export interface AdminAccess {
  readonly pid: number;
  readonly issuer: string;
  /** Base URL of the admin listener. */
  readonly address: string;
  readonly credential: string;
}

/** A credential for one run of the service: 256 random bits. */
export function newCredential(): string {
  return randomBytes(32).toString('base64url');
}

/** Writes the file (0600) so that a reader sees all of it or none. */
export function writeAdminFile(dataDir: string, access: AdminAccess): void {
  const file = join(dataDir, fileName);
  rmSync(`${file}.new`, { force: true });
  const handle = openSync(`${file}.new`, 'wx', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(access)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}

/** Deletes the file if it is still this process's own. */
export function removeAdminFile(dataDir: string, pid: number): void {
  const file = join(dataDir, fileName);
  try {
    const access = JSON.parse(readFileSync(file, 'utf8')) as AdminAccess;
    if (access.pid === pid) rmSync(file, { force: true });
  } catch {
    // Gone already, or not ours to judge.
  }
}
