// Signatures on the hot path: in libuv's pool, so that other cores help; on one core that only costs.
import { sign, verify, type KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';

const inPool = availableParallelism() > 1;

/** `digest` as node:crypto names it, none for EdDSA. */
export interface SignatureKey {
  readonly digest: string | null | undefined;
  readonly key: KeyObject;
}

/** A raw signature (JWS form, RFC 7518 section 3.4) of the text, which is ASCII. */
export function signText(text: string, { digest, key }: SignatureKey): Promise<Buffer> {
  const data = Buffer.from(text, 'latin1');
  const how = { key, dsaEncoding: 'ieee-p1363' } as const;
  if (!inPool) return Promise.resolve(sign(digest, data, how));
  return new Promise((resolve, reject) => {
    sign(digest, data, how, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

/** Whether the raw signature is the key's, of the text. */
export async function verifyText(
  text: string,
  signature: Buffer,
  { digest, key }: SignatureKey,
): Promise<boolean> {
  const data = Buffer.from(text, 'latin1');
  const how = { key, dsaEncoding: 'ieee-p1363' } as const;
  if (!inPool) return verify(digest, data, how, signature);
  return new Promise((resolve, reject) => {
    verify(digest, data, how, signature, (error, holds) => (error ? reject(error) : resolve(holds)));
  });
}
