// Anchors and the key that signs them, as files.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AuditorError, newAnchorKey, readAnchor } from '@sallyport/feature-auditor';
import type { SignedAnchor } from '@sallyport/feature-auditor';
import { AuditFailure } from './failure.js';

/** The private key in the file (0600), made there at first use. Throws `AuditFailure` `usage`. */
export function signingKey(file: string): { readonly privateKey: string; readonly isNew: boolean } {
  const made = newAnchorKey();
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, made, { flag: 'wx', mode: 0o600 });
    return { privateKey: made, isNew: true };
  } catch (error) {
    if (!isExisting(error)) throw cannot('write', file, error);
  }
  const isOpenToOthers = process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
  if (isOpenToOthers) {
    throw new AuditFailure('usage', `Others may read ${file}: take that from them (chmod 600).`);
  }
  return { privateKey: readText(file), isNew: false };
}

/** The anchor in the file. Throws `AuditFailure` `usage` when it cannot be read as one. */
export function anchorIn(file: string): SignedAnchor {
  const text = readText(file);
  try {
    return readAnchor(text);
  } catch (error) {
    if (!(error instanceof AuditorError)) throw error;
    throw new AuditFailure('usage', `${file}: ${error.message}`, { cause: error });
  }
}

/** Writes a file that is not there yet. Throws `AuditFailure` `usage`. */
export function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    throw isExisting(error)
      ? new AuditFailure('usage', `${file} is there already. Name another file.`)
      : cannot('write', file, error);
  }
}

/** The text of a file that was named. Throws `AuditFailure` `usage`. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw cannot('read', file, error);
  }
}

function isExisting(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST';
}

function cannot(verb: string, file: string, cause: unknown): AuditFailure {
  const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new AuditFailure('usage', `Cannot ${verb} ${file} (${why}).`, { cause });
}
