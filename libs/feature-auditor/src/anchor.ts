// An anchor: what a ledger was up to a position, signed, to be kept where the ledger's keepers cannot write.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Position } from '@sallyport/engine';
import { AuditorError } from './errors.js';

/** The ledger up to a position; `0` for an empty one. */
export interface Anchor {
  readonly position: Position;
  /** Of the event there; empty for an empty ledger. */
  readonly recordedAt: string;
  readonly events: number;
  readonly streams: number;
  /** Over the heads of all streams, see `StreamDigests`. */
  readonly root: string;
  /** By the auditor's clock, ISO 8601 in UTC. */
  readonly takenAt: string;
}

export interface SignedAnchor extends Anchor {
  readonly sallyportAnchor: 1;
  /** Ed25519 (RFC 8032), 32 bytes in base64url. */
  readonly publicKey: string;
  /** Of `signedText`, base64url. */
  readonly signature: string;
}

const texts = ['position', 'recordedAt', 'root', 'takenAt', 'publicKey', 'signature'] as const;
const counts = ['events', 'streams'] as const;

/** A new private key, PKCS #8 in PEM. */
export function newAnchorKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Signs the anchor. Throws when `privateKey` is not an Ed25519 key in PEM. */
export function signAnchor(anchor: Anchor, privateKey: string): SignedAnchor {
  const key = createPrivateKey(privateKey);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key');
  const publicKey = createPublicKey(key).export({ format: 'jwk' }).x as string;
  const signature = sign(null, Buffer.from(signedText(anchor)), key).toString('base64url');
  return { sallyportAnchor: 1, ...anchor, publicKey, signature };
}

/** Reads an anchor's file; its signature is not looked at. Throws `anchor_malformed`. */
export function readAnchor(text: string): SignedAnchor {
  const anchor = parsed(text) as Partial<SignedAnchor> | null;
  const isAnchor =
    typeof anchor === 'object' &&
    anchor?.sallyportAnchor === 1 &&
    texts.every((name) => typeof anchor[name] === 'string') &&
    counts.every((name) => Number.isSafeInteger(anchor[name])) &&
    /^\d{1,20}$/.test(anchor.position ?? '');
  if (!isAnchor) {
    throw new AuditorError('anchor_malformed', 'The file is not an anchor that this version knows.');
  }
  return anchor as SignedAnchor;
}

/** Whether the key that the anchor names has signed it, and is the one expected where one is. */
export function anchorProblems(anchor: SignedAnchor, expectedKey?: string): string[] {
  const isOther = expectedKey !== undefined && expectedKey !== anchor.publicKey;
  return [
    ...(isSigned(anchor) ? [] : ['the anchor is not signed by the key that it names']),
    ...(isOther ? [`the anchor names the key ${anchor.publicKey}, not ${expectedKey}`] : []),
  ];
}

function isSigned(anchor: SignedAnchor): boolean {
  try {
    const signature = Buffer.from(anchor.signature, 'base64url');
    return verify(null, Buffer.from(signedText(anchor)), keyOf(anchor), signature);
  } catch {
    return false;
  }
}

function keyOf({ publicKey }: SignedAnchor): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
}

/** One member a line, after a line that no other use of the key can begin with. */
function signedText({ position, recordedAt, events, streams, root, takenAt }: Anchor): string {
  return ['sallyport anchor 1', position, recordedAt, events, streams, root, takenAt, ''].join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
