// Signatures on the hot path: in libuv's pool, so that other cores help; on one core that only costs.
import { sign, verify, type KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';

const inPool = availableParallelism() > 1;
const NUMBER_BYTES = 32;
/** Tag and length: what is shorter than 128 bytes has one byte of length. */
const SEQUENCE_HEAD_BYTES = 2;
const INTEGER_HEAD_BYTES = 2;

/** `digest` as node:crypto names it, none for EdDSA. */
export interface SignatureKey {
  readonly digest: string | null | undefined;
  readonly key: KeyObject;
}

/** The raw ES256 signature (r and s, 32 bytes each; RFC 7518 section 3.4) of the text, which is ASCII. */
export function signText(text: string, key: KeyObject): Promise<Buffer> {
  const data = Buffer.from(text, 'latin1');
  if (!inPool) return Promise.resolve(rawSignature(sign('sha256', data, key)));
  return new Promise((resolve, reject) => {
    sign('sha256', data, key, (error, der) => (error ? reject(error) : resolve(rawSignature(der))));
  });
}

/**
 * A signature of P-256 as OpenSSL makes it (a DER sequence of two integers, RFC 3279 section 2.2.3) in raw
 * form. Node 24, asked for that form, takes as long again as for the signature.
 */
export function rawSignature(der: Uint8Array): Buffer {
  const raw = Buffer.alloc(2 * NUMBER_BYTES);
  const next = copyNumber(der, { from: SEQUENCE_HEAD_BYTES, raw, end: NUMBER_BYTES });
  copyNumber(der, { from: next, raw, end: 2 * NUMBER_BYTES });
  return raw;
}

/** Right-aligned: a DER integer has no leading zeros, but one before a first bit that is set. */
function copyNumber(
  der: Uint8Array,
  { from, raw, end }: { readonly from: number; readonly raw: Buffer; readonly end: number },
): number {
  const stop = from + INTEGER_HEAD_BYTES + der[from + 1]!;
  const start = Math.max(from + INTEGER_HEAD_BYTES, stop - NUMBER_BYTES);
  raw.set(der.subarray(start, stop), end - (stop - start));
  return stop;
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
