// The operators' credential as a file that all replicas of the service read, and the first of them makes.
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { newCredential } from './admin-file.js';

/** What a credential is written in; 256 random bits are 43 characters. */
const shape = /^[\x21-\x7e]{32,256}$/;

/**
 * The credential in the file; makes the file (0600) where there is none, so that of any number that start at
 * once all read the same. Throws what the system said, or an `Error` for a file that holds something else.
 */
export function readOrMakeCredential(file: string): string {
  const known = readCredential(file);
  if (known !== undefined) return known;
  const own = `${file}.${process.pid}.new`;
  rmSync(own, { force: true });
  const handle = openSync(own, 'wx', 0o600);
  try {
    writeSync(handle, `${newCredential()}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    // A link is made whole or not at all, and never over what is there.
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
  return readCredential(file) ?? '';
}

function readCredential(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (shape.test(text)) return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  throw new Error(`${file} holds no credential of 32 to 256 printable characters: delete it, or replace it`);
}
