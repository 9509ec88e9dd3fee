// One more try after the key ring was read again: a key made by another replica may not have been seen yet.
import { isTokenError } from './errors.js';
import type { KeyRing } from './key-ring.js';

/**
 * The result of `attempt`, at once where it is there at once. When it throws because of an unknown key, the
 * ring is read again (at most once a second) and, if it has the key now, `attempt` runs once more. Rejects
 * with the attempt's error, or the store's (G11).
 */
export function retryUnknownKey<T>(ring: KeyRing, attempt: () => T | Promise<T>): T | Promise<T> {
  try {
    const result = attempt();
    return result instanceof Promise ? result.catch((error) => again(ring, attempt, error)) : result;
  } catch (error) {
    return again(ring, attempt, error);
  }
}

async function again<T>(ring: KeyRing, attempt: () => T | Promise<T>, error: unknown): Promise<T> {
  const codes = [
    'refresh_key_unknown',
    'access_token_key_unknown',
    'sealed_key_unknown',
    'proof_nonce_unknown',
  ] as const;
  if (!isTokenError(error, ...codes) || error.details.keyId === undefined) throw error;
  if (!(await ring.reloadIfUnknown(error.details.keyId))) throw error;
  return attempt();
}
