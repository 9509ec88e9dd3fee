// The keys of the ring as the other files use them: everything derived once, when the key is loaded.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Ids } from '@sallyport/engine';
import { macKey, subKey } from './bytes.js';
import { TokenError } from './errors.js';
import type { MacKey } from './mac-key.js';

/** Keys by use. `index` hashes sign-in names and never changes: names could not be found again. */
export const KEY_PURPOSES = ['refresh', 'signing', 'nonce', 'sealing', 'index'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/**
 * - `next`: published ahead of use (signing: in the JWKS already).
 * - `current`: what is made now is made under it.
 * - `previous`: what was made under it is still accepted.
 * - `retired`: refresh keys before a restore; known, so that their tokens can be told why (row 4).
 * - `bad`: leaked. Refresh tokens under it pass with a device proof only; all else under it is refused.
 */
export type KeyStatus = 'next' | 'current' | 'previous' | 'retired' | 'bad';

/** What every key of the ring has. `id` is 8 hex digits, unique in the ring. */
export interface RingKey {
  readonly id: string;
  readonly idBytes: Uint8Array;
  status: KeyStatus;
}

export interface RefreshKey extends RingKey {
  readonly tagKey: MacKey;
  readonly secretKey: MacKey;
}

/** An ES256 key pair. `header` is the encoded JOSE header of every access token it signs. */
export interface SigningKey extends RingKey {
  readonly header: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;
}

/** A key that seals boxes. */
export interface SecretKey extends RingKey {
  readonly key: KeyObject;
}

/** A key that makes MACs: of nonces, or of the blind index. */
export interface MacRingKey extends RingKey {
  readonly key: MacKey;
}

/** A public key as the JWKS shows it (RFC 7517). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

export interface KeysByPurpose {
  refresh: RefreshKey;
  signing: SigningKey;
  nonce: MacRingKey;
  sealing: SecretKey;
  index: MacRingKey;
}

/** Fresh key material to be wrapped and stored: 32 random bytes, or a P-256 private key as PKCS #8. */
export function newMaterial(purpose: KeyPurpose, ids: Ids): Uint8Array {
  if (purpose !== 'signing') return ids.bytes(32);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

/**
 * Derives what a key needs at use; its status is for the ring to set. Tokens and nonces are bound to the
 * issuer through the derivation; the index is not, since names must be found after a move to another issuer.
 * Throws `key_ring_damaged`.
 */
export function importKey<P extends KeyPurpose>(
  purpose: P,
  id: string,
  from: { readonly material: Uint8Array; readonly issuer: string },
): KeysByPurpose[P] {
  const base: RingKey = { id, idBytes: Buffer.from(id, 'hex'), status: 'next' };
  const make: { [K in KeyPurpose]: () => KeysByPurpose[K] } = {
    refresh: () => ({
      ...base,
      tagKey: macKey(from.material, 'refresh', 'tag', from.issuer),
      secretKey: macKey(from.material, 'refresh', 'secret', from.issuer),
    }),
    signing: () => ({ ...base, ...importSigningKey(id, from.material) }),
    nonce: () => ({ ...base, key: macKey(from.material, 'nonce', from.issuer) }),
    sealing: () => ({ ...base, key: subKey(from.material, 'sealing', from.issuer) }),
    index: () => ({ ...base, key: macKey(from.material, 'index') }),
  };
  return make[purpose]();
}

function importSigningKey(kid: string, material: Uint8Array): Omit<SigningKey, keyof RingKey> {
  try {
    const privateKey = createPrivateKey({ key: Buffer.from(material), format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(privateKey);
    const { x, y } = publicKey.export({ format: 'jwk' });
    const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid });
    return {
      privateKey,
      publicKey,
      header: Buffer.from(header).toString('base64url'),
      jwk: { kty: 'EC', crv: 'P-256', x: x!, y: y!, kid, use: 'sig', alg: 'ES256' },
    };
  } catch (cause) {
    throw new TokenError('key_ring_damaged', { keyId: kid }, { cause });
  }
}
