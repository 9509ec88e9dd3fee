// Bytes and text: canonical base64url, hashes, derived keys, and the one AEAD that everything at rest uses.
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Ids } from '@sallyport/engine';
import { MacKey } from './mac-key.js';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** True for non-empty text of the base64url alphabet; says nothing about stray bits at the end. */
export function isBase64url(text: string): boolean {
  return BASE64URL.test(text);
}

/**
 * The bytes behind canonical base64url (no padding, no other alphabet, no stray bits at the end), else
 * undefined: exactly one text stands for the bytes, so no altered character can go unnoticed.
 */
export function decodeCanonical(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return text.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}

/** SHA-256 of the UTF-8 text, base64url, cut to `length` characters (43 is all of it). */
export function sha256(text: string, length = 43): string {
  const full = hash('sha256', text, 'base64url');
  return length >= full.length ? full : full.slice(0, length);
}

/**
 * A 32-byte sub-key for sealing (RFC 5869); `parts` name the use and whatever the key is to be bound to.
 */
export function subKey(material: Uint8Array, ...parts: readonly string[]): KeyObject {
  return createSecretKey(derive(material, parts));
}

/** The same for MACs. */
export function macKey(material: Uint8Array, ...parts: readonly string[]): MacKey {
  return new MacKey(derive(material, parts));
}

function derive(material: Uint8Array, parts: readonly string[]): Buffer {
  const info = JSON.stringify(['sallyport', 1, ...parts]);
  return Buffer.from(hkdfSync('sha256', material, NO_BYTES, info, 32));
}

/**
 * AES-256-GCM under a fresh iv: iv (12), ciphertext, tag (16). `bound` is authenticated, part by part: its
 * parts cannot run into each other.
 */
export function encrypt(
  key: KeyObject,
  what: { plain: Uint8Array; bound: readonly string[] },
  ids: Ids,
): Buffer {
  const iv = ids.bytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(JSON.stringify(what.bound)));
  const head = cipher.update(what.plain);
  return Buffer.concat([iv, head, cipher.final(), cipher.getAuthTag()]);
}

/** The plain bytes, or undefined when the box is too short, altered, or was bound to something else. */
export function decrypt(key: KeyObject, box: Uint8Array, bound: readonly string[]): Buffer | undefined {
  if (box.length < IV_BYTES + TAG_BYTES) return undefined;
  const end = box.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(JSON.stringify(bound)));
  decipher.setAuthTag(box.subarray(end));
  const plain = decipher.update(box.subarray(IV_BYTES, end));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return undefined;
  }
}
