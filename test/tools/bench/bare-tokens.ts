// Refresh tokens and proofs of the bench's yardstick: tag and successor by HMAC, as the design has them.
import { createHmac, createPublicKey, hash, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

const tagKey = randomBytes(32);
const secretKey = randomBytes(32);
/** Imported once; by the text of the header that brings them. */
const proofKeys = new Map<string, KeyObject>();

export interface BareToken {
  readonly sessionId: string;
  readonly generation: number;
  readonly secret: string;
}

export function firstToken(sessionId: string): string {
  return tokenOf({ sessionId, generation: 0, secret: randomBytes(32).toString('base64url') });
}

/** Undefined for what was not made here. */
export function readToken(text: string): BareToken | undefined {
  const [sessionId = '', generation = '', secret = '', tag = ''] = text.split('.');
  const right = Buffer.from(mac(tagKey, `${sessionId}.${generation}.${secret}`));
  const given = Buffer.from(tag);
  if (right.length !== given.length || !timingSafeEqual(right, given)) return undefined;
  return { sessionId, generation: Number(generation), secret };
}

export function successorOf({ sessionId, generation, secret }: BareToken): string {
  const next = generation + 1;
  return tokenOf({ sessionId, generation: next, secret: mac(secretKey, `${sessionId}.${next}.${secret}`) });
}

/** Whether it is signed by the key it names, for this token: no more of RFC 9449 section 4.3 than costs. */
export function isProof(proof: string, token: string): boolean {
  const [header = '', payload = '', signature = ''] = proof.split('.');
  const { ath } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { ath?: string };
  if (ath !== hash('sha256', token, 'base64url')) return false;
  const key = proofKeys.get(header) ?? importKey(header);
  const signed = Buffer.from(proof.slice(0, header.length + 1 + payload.length));
  const how = { key, dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', signed, how, Buffer.from(signature, 'base64url'));
}

function importKey(header: string): KeyObject {
  const { jwk } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { jwk: JsonWebKey };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  proofKeys.set(header, key);
  return key;
}

function tokenOf({ sessionId, generation, secret }: BareToken): string {
  const text = `${sessionId}.${generation}.${secret}`;
  return `${text}.${mac(tagKey, text)}`;
}

function mac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
