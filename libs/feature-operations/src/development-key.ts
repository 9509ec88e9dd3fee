// The master key that a first start makes beside the data: for development, where nobody has made one.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Ids } from '@sallyport/engine';
import { newMasterKeyText, parseMasterKey, type MasterKey } from '@sallyport/tokens';

/** `made`: by this call. Whoever has this file and the data has everything. */
export interface DevelopmentKey {
  readonly key: MasterKey;
  readonly file: string;
  readonly made: boolean;
}

/** Reads the file, or makes it (0600). Throws `master_key_malformed`, or what the system said. */
export function developmentKey(file: string, ids: Ids): DevelopmentKey {
  const made = !existsSync(file);
  if (made) {
    const handle = openSync(file, 'wx', 0o600);
    try {
      writeSync(handle, `${newMasterKeyText(ids)}\n`);
      // Before the first thing is wrapped under it: without this key the data is worth nothing.
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
  return { key: parseMasterKey(readFileSync(file, 'utf8')), file, made };
}
