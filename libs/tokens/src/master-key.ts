// The master key: read from a file or the environment, it wraps every other key and seals credentials.
import type { KeyObject } from 'node:crypto';
import { decodeCanonical, decrypt, encrypt, subKey } from './bytes.js';
import { TokenError } from './errors.js';
import type { Ids } from '@sallyport/engine';

const MASTER_KEY_BYTES = 32;
const HEX = /^[0-9a-fA-F]{64}$/;

/** Sub-keys of the master key, one per use; the master key itself is not kept. */
export class MasterKey {
  readonly #wrapping: KeyObject;
  readonly #credentials: KeyObject;

  /** `bytes`: exactly 32. Throws `master_key_malformed`. */
  constructor(bytes: Uint8Array) {
    checkMasterKey(bytes);
    this.#wrapping = subKey(bytes, 'master', 'wrap');
    this.#credentials = subKey(bytes, 'master', 'credential');
  }

  /**
   * Encrypts an entry of a `SecretStore`, bound to its kind and name: moved to another place it does not
   * open.
   */
  wrap(entry: { kind: string; name: string }, plain: Uint8Array, ids: Ids): Uint8Array {
    return encrypt(this.#wrapping, { plain, bound: placed(entry) }, ids);
  }

  /** The plain bytes, or undefined when the entry was altered, moved, or wrapped by another master key. */
  unwrap(entry: { kind: string; name: string }, wrapped: Uint8Array): Buffer | undefined {
    return decrypt(this.#wrapping, wrapped, placed(entry));
  }

  /** The sub-key that `credential` parts of events are sealed under. */
  get credentialKey(): KeyObject {
    return this.#credentials;
  }
}

/**
 * Reads a master key from the text of a file or environment variable: 32 bytes as base64url (43 characters)
 * or hex (64), white space around it ignored. Throws `master_key_malformed` with a hint that shows nothing of
 * the text.
 */
export function parseMasterKey(text: string): MasterKey {
  const trimmed = text.trim();
  if (HEX.test(trimmed)) return new MasterKey(Buffer.from(trimmed, 'hex'));
  const bytes = decodeCanonical(trimmed.replace(/=$/, ''));
  if (bytes === undefined) {
    throw new TokenError('master_key_malformed', {
      hint: `expected 32 bytes as 43 characters of base64url or 64 of hex, found ${trimmed.length} of text`,
    });
  }
  return new MasterKey(bytes);
}

/** The text of a fresh master key, as `parseMasterKey` reads it. */
export function newMasterKeyText(ids: Ids): string {
  return Buffer.from(ids.bytes(MASTER_KEY_BYTES)).toString('base64url');
}

function placed(entry: { kind: string; name: string }): string[] {
  return ['wrap', entry.kind, entry.name];
}

function checkMasterKey(bytes: Uint8Array): void {
  if (bytes.length !== MASTER_KEY_BYTES) {
    throw new TokenError('master_key_malformed', { hint: `expected 32 bytes, found ${bytes.length}` });
  }
  // A file of zeros or of one repeated character is a mistake of whoever made it, never a random key.
  if (bytes.every((byte) => byte === bytes[0])) {
    throw new TokenError('master_key_malformed', { hint: 'every byte is the same' });
  }
}
