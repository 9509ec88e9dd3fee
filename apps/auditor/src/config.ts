// What the auditor takes from its surroundings: where the data is, and where its own signing key.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Surroundings {
  readonly dataDir: string;
  /** Not in the data directory: whoever can write the ledger must not be able to sign for it. */
  readonly signingKeyFile: string;
}

/** `named` is what the command line says; it wins. */
export function surroundings(
  named: { readonly dataDir?: string; readonly signingKey?: string },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Surroundings {
  const settings = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return {
    dataDir: resolve(named.dataDir ?? environment['SALLYPORT_DATA_DIR'] ?? '.sallyport'),
    signingKeyFile: resolve(named.signingKey ?? join(settings, 'sallyport', 'anchor.key')),
  };
}
