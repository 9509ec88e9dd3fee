// A device's ES256 key pair and the DPoP proofs it signs (RFC 9449 section 4.2), right ones and wrong ones.
import { createHash, createPrivateKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import * as oauth from 'oauth4webapi';

export interface DeviceKey {
  /** For libraries that sign by themselves. */
  readonly pair: oauth.CryptoKeyPair;
  readonly privateKey: KeyObject;
  readonly publicJwk: { readonly crv: string; readonly kty: string; readonly x: string; readonly y: string };
  /** RFC 7638. */
  readonly thumbprint: string;
}

export async function newDeviceKey(): Promise<DeviceKey> {
  const pair = await oauth.generateKeyPair('ES256', { extractable: true });
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
  const publicJwk = { crv: 'P-256', kty: 'EC', x: jwk.x ?? '', y: jwk.y ?? '' };
  const thumbprint = createHash('sha256').update(JSON.stringify(publicJwk)).digest('base64url');
  const privateKey = createPrivateKey({ key: { ...publicJwk, d: jwk.d ?? '' }, format: 'jwk' });
  return { pair, privateKey, publicJwk, thumbprint };
}

/** Claims of a proof as they are signed; an undefined one is left out. */
export type ProofClaims = Readonly<Record<string, unknown>>;

/** A proof by the key. `header` replaces members of the usual one; undefined ones are left out. */
export function signProof(
  key: Pick<DeviceKey, 'privateKey' | 'publicJwk'>,
  claims: ProofClaims,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk, ...header };
  const signed = `${encode(head)}.${encode({ jti: newId(), iat: Math.floor(Date.now() / 1000), ...claims })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** `ath` of a token (RFC 9449 section 4.2). */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** 128 random bits as base64url: a `jti`, or a value of the `attempt` claim. */
export function newId(): string {
  return randomBytes(16).toString('base64url');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
