// Sealed boxes: what would else be stored (codes, pushed requests, login forms) travels encrypted.
import type { Ids, JsonObject } from '@sallyport/engine';
import { decodeCanonical, decrypt, encrypt } from './bytes.js';
import { TokenError } from './errors.js';
import type { KeyRing } from './key-ring.js';

const VERSION = 1;
const HEAD_BYTES = 5;
// An iv and a tag at least.
const SHORTEST_BYTES = HEAD_BYTES + 28;
const LONGEST_CHARS = 8_192;

/**
 * Seals JSON for one purpose and a limited time, under the ring's sealing key. Text: base64url without
 * structure.
 */
export class Sealer {
  constructor(
    private readonly ring: Pick<KeyRing, 'current' | 'secretKey'>,
    private readonly ids: Ids,
  ) {}

  /** `now` and `ttlMs` in milliseconds: the box opens while now < `now` + `ttlMs`. */
  seal(purpose: string, payload: JsonObject, life: { readonly now: number; readonly ttlMs: number }): string {
    const key = this.ring.current('sealing');
    const plain = Buffer.from(JSON.stringify([life.now + life.ttlMs, payload]));
    const box = encrypt(key.key, { plain, bound: bound(purpose, key.id) }, this.ids);
    return Buffer.concat([Buffer.of(VERSION), key.idBytes, box]).toString('base64url');
  }

  /**
   * The payload. Throws `sealed_malformed`, `sealed_key_unknown` (with `keyId`), `sealed_altered` (sealed for
   * another purpose or issuer, too) or `sealed_expired`.
   */
  unseal(purpose: string, sealed: string, now: number): JsonObject {
    const bytes = sealed.length > LONGEST_CHARS ? undefined : decodeCanonical(sealed);
    if (bytes === undefined || bytes.length < SHORTEST_BYTES || bytes[0] !== VERSION) {
      throw new TokenError('sealed_malformed');
    }
    const keyId = bytes.toString('hex', 1, HEAD_BYTES);
    const key = this.ring.secretKey('sealing', keyId);
    if (key === undefined) throw new TokenError('sealed_key_unknown', { keyId });
    const plain = decrypt(key.key, bytes.subarray(HEAD_BYTES), bound(purpose, keyId));
    if (plain === undefined) throw new TokenError('sealed_altered');
    const [expiresAt, payload] = JSON.parse(plain.toString()) as [number, JsonObject];
    if (now >= expiresAt) throw new TokenError('sealed_expired');
    return payload;
  }
}

function bound(purpose: string, keyId: string): string[] {
  return ['sealed', purpose, keyId];
}
