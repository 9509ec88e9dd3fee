// The refresh token codec: fixed fields, a tag that shows it was minted here, and a derived successor.
import { timingSafeEqual } from 'node:crypto';
import { decodeCanonical, sha256 } from './bytes.js';
import { TokenError } from './errors.js';
import type { RefreshKey } from './keys.js';

const PREFIX = 'sprt_';
const VERSION = 1;
const FLAG_KEY_BOUND = 1;
const SECRET_BYTES = 32;
const TAG_OFFSET = 58;
const TOKEN_BYTES = 90;
const TOKEN_CHARS = PREFIX.length + (TOKEN_BYTES * 4) / 3;
const LAST_GENERATION = 0xffffffff;

/** Characters of a refresh token: always the same. */
export const REFRESH_TOKEN_LENGTH = TOKEN_CHARS;

/** What a refresh token says; only `parseRefreshToken` vouches that it was minted here. */
export interface RefreshTokenParts {
  /** 8 hex digits. */
  readonly keyId: string;
  /** 16 bytes as 22 characters of base64url. */
  readonly sessionId: string;
  /** From 0. */
  readonly generation: number;
  /** True: worth nothing without a proof by the session's device key. */
  readonly keyBound: boolean;
  /** 32 bytes; never to be stored or logged. */
  readonly secret: Uint8Array;
}

export interface ParsedRefreshToken extends RefreshTokenParts {
  /**
   * The key that made the tag. Its status may be `retired` (row 4) or `bad`: what that means is the caller's.
   */
  readonly key: RefreshKey;
}

/** Where the codec finds keys; `KeyRing` is one. */
export interface RefreshKeys {
  refreshKey(keyId: string): RefreshKey | undefined;
}

/**
 * Reads a presented token and checks its tag, before anything is read from a store.
 * Throws `refresh_token_malformed`, `refresh_key_unknown` (with `keyId`) or `refresh_token_tag_wrong`.
 */
export function parseRefreshToken(text: string, keys: RefreshKeys): ParsedRefreshToken {
  const bytes = tokenBytes(text);
  if (bytes === undefined || bytes[0] !== VERSION || bytes[1]! > FLAG_KEY_BOUND) {
    throw new TokenError('refresh_token_malformed');
  }
  const keyId = bytes.toString('hex', 2, 6);
  const key = keys.refreshKey(keyId);
  if (key === undefined) throw new TokenError('refresh_key_unknown', { keyId });
  const tag = key.tagKey.of(bytes.subarray(0, TAG_OFFSET));
  if (!timingSafeEqual(tag, bytes.subarray(TAG_OFFSET)))
    throw new TokenError('refresh_token_tag_wrong', { keyId });
  return {
    keyId,
    sessionId: bytes.toString('base64url', 6, 22),
    generation: bytes.readUInt32BE(22),
    keyBound: bytes[1] === FLAG_KEY_BOUND,
    secret: bytes.subarray(26, TAG_OFFSET),
    key,
  };
}

/** The token of generation 0. `secret`: 32 random bytes. */
export function mintFirst(
  session: { readonly sessionId: string; readonly keyBound: boolean; readonly secret: Uint8Array },
  key: RefreshKey,
): string {
  return encode({ ...session, keyId: key.id, generation: 0 }, key);
}

/**
 * The one successor of a token under a key: the same text whenever and wherever it is asked for. `key` is the
 * key of the successor's generation: the current one when the generation is new, the one the session's state
 * names when it is minted again. Throws `refresh_key_retired`, `refresh_generations_exhausted`.
 */
export function mintSuccessor(presented: RefreshTokenParts, key: RefreshKey): string {
  if (key.status === 'retired') throw new TokenError('refresh_key_retired', { keyId: key.id });
  if (presented.generation >= LAST_GENERATION) throw new TokenError('refresh_generations_exhausted');
  const { sessionId, keyBound } = presented;
  const generation = presented.generation + 1;
  const input = Buffer.allocUnsafe(20 + SECRET_BYTES);
  input.write(sessionId, 0, 16, 'base64url');
  input.writeUInt32BE(generation, 16);
  input.set(presented.secret, 20);
  return encode({ keyId: key.id, sessionId, generation, keyBound, secret: key.secretKey.of(input) }, key);
}

/** SHA-256 of the token's text, base64url: all that is ever stored of it. */
export function fingerprint(tokenText: string): string {
  return sha256(tokenText);
}

function tokenBytes(text: string): Buffer | undefined {
  if (text.length !== TOKEN_CHARS || !text.startsWith(PREFIX)) return undefined;
  const bytes = decodeCanonical(text.slice(PREFIX.length));
  return bytes?.length === TOKEN_BYTES ? bytes : undefined;
}

function encode(parts: RefreshTokenParts, key: RefreshKey): string {
  if (parts.secret.length !== SECRET_BYTES || parts.sessionId.length !== 22) {
    throw new RangeError('a refresh token needs a 32-byte secret and a 22-character session id');
  }
  const bytes = Buffer.allocUnsafe(TOKEN_BYTES);
  bytes[0] = VERSION;
  bytes[1] = parts.keyBound ? FLAG_KEY_BOUND : 0;
  bytes.set(key.idBytes, 2);
  bytes.write(parts.sessionId, 6, 16, 'base64url');
  bytes.writeUInt32BE(parts.generation, 22);
  bytes.set(parts.secret, 26);
  key.tagKey.write(bytes.subarray(0, TAG_OFFSET), bytes, TAG_OFFSET);
  return PREFIX + bytes.toString('base64url');
}
