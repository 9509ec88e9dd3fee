// What the admin command takes from its surroundings: where the data is, and who is asking.
import { userInfo } from 'node:os';
import { resolve } from 'node:path';

export interface Surroundings {
  readonly dataDir: string;
  readonly operator: string;
}

/** `named` is what the command line says; it wins. */
export function surroundings(
  named: { readonly dataDir?: string; readonly operator?: string },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Surroundings {
  return {
    dataDir: resolve(named.dataDir ?? environment['SALLYPORT_DATA_DIR'] ?? '.sallyport'),
    operator: named.operator ?? systemUser(),
  };
}

/** The account on this machine, in the letters that an event's actor may have. */
function systemUser(): string {
  try {
    return userInfo().username.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 64) || 'unknown';
  } catch {
    return 'unknown';
  }
}
