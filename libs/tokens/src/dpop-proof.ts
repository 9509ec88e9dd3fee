// DPoP proofs (RFC 9449): read first, judged later, as a missing nonce is answered before a wrong signature.
import { BoundedCache } from '@sallyport/engine';
import { decodeCanonical, sha256 } from './bytes.js';
import { TokenError } from './errors.js';
import { sameHttpUri } from './http-uri.js';
import { importProofKey, readProofHeader, type ProofKey } from './proof-key.js';
import { verifyText } from './signatures.js';

const LONGEST_CHARS = 4_096;
const LONGEST_JTI = 256;
const SIGNATURE_BYTES = 64;
const ATTEMPT = /^[A-Za-z0-9_-]{16,128}$/;
const PROOF_HASH_CHARS = 16;
const ATTEMPT_HASH_CHARS = 22;
const DEFAULT_CACHED_KEYS = 20_000;

/** A proof that can be parsed; nothing of it is vouched for yet. */
export interface ParsedProof {
  readonly header: string;
  readonly signed: string;
  readonly signature: Buffer;
  readonly claims: ProofClaims;
}

/** `iat` has to be there (RFC 9449 section 4.2) and is not judged: the nonce carries the time. */
export interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  readonly nonce?: string;
  readonly ath?: string;
  /** Written once per presented token by our own clients (design section 6). */
  readonly attempt?: string;
}

/** What the proof has to be for. */
export interface ProofExpectation {
  readonly method: string;
  /** The URI of the request as clients know it, or all the URIs by which they may. */
  readonly url: string | readonly string[];
  /** The token sent along: an `ath` in the proof has to name it. */
  readonly token?: string;
  /** Resource requests have to carry `ath` (section 7.1). */
  readonly athRequired?: boolean;
}

export interface VerifiedProof {
  /** RFC 7638 thumbprint of the key that signed. */
  readonly thumbprint: string;
  /**
   * 16 characters that stand for this proof wherever it turns up again: of key and `jti`, not of the
   * signature.
   */
  readonly proofHash: string;
  /** 22 characters; absent when the proof names no attempt. */
  readonly attemptHash?: string;
}

/** Reads and verifies proofs; keeps the keys of those that verified, by their header. */
export class KeyProofs {
  readonly #keys: BoundedCache<ProofKey>;

  /** `cachedKeys`: at most that many keys are kept, some 1.5 KB each. */
  constructor(cachedKeys = DEFAULT_CACHED_KEYS) {
    this.#keys = new BoundedCache(cachedKeys);
  }

  /**
   * The proof in a request's `DPoP` header or headers. Throws `proof_missing`, `proof_malformed` (more than
   * one header too), `proof_alg_unsupported`, `proof_private_key`.
   */
  parse(headers: string | readonly string[] | undefined): ParsedProof {
    const all = typeof headers === 'string' ? [headers] : (headers ?? []);
    if (all.length === 0) throw new TokenError('proof_missing');
    const text = all.length === 1 ? all[0]! : '';
    const parts = text.length > LONGEST_CHARS ? [] : text.split('.');
    if (parts.length !== 3) throw new TokenError('proof_malformed');
    const [header, payload, end] = parts as [string, string, string];
    if (this.#keys.get(header) === undefined) readProofHeader(jsonObject(header));
    const signature = decodeCanonical(end);
    if (signature?.length !== SIGNATURE_BYTES) throw new TokenError('proof_malformed');
    const signed = text.slice(0, header.length + 1 + payload.length);
    return { header, signed, signature, claims: readClaims(jsonObject(payload)) };
  }

  /**
   * Verifies the proof for a request, cheap checks first. Rejects with
   * `proof_htm_mismatch`, `proof_htu_mismatch`, `proof_missing_ath`, `proof_ath_mismatch`,
   * `proof_key_invalid`, `proof_signature_invalid`. The nonce is not judged here:
   * `ProofNonces.check(proof.claims.nonce, now)` comes first.
   */
  async verify(proof: ParsedProof, expected: ProofExpectation): Promise<VerifiedProof> {
    checkRequest(proof.claims, expected);
    const known = this.#keys.get(proof.header);
    const key = known ?? importProofKey(readProofHeader(jsonObject(proof.header)));
    if (!(await verifyText(proof.signed, proof.signature, key))) {
      throw new TokenError('proof_signature_invalid');
    }
    // Only now: what nobody signed takes no room.
    if (known === undefined) this.#keys.set(proof.header, key);
    const { jti, attempt } = proof.claims;
    const proofHash = sha256(`${key.thumbprint}.${jti}`, PROOF_HASH_CHARS);
    if (attempt === undefined) return { thumbprint: key.thumbprint, proofHash };
    const attemptHash = sha256(`attempt.${attempt}`, ATTEMPT_HASH_CHARS);
    return { thumbprint: key.thumbprint, proofHash, attemptHash };
  }
}

/** The `ath` of a token (section 4.2). */
export function tokenHash(token: string): string {
  return sha256(token);
}

function checkRequest(claims: ProofClaims, expected: ProofExpectation): void {
  if (claims.htm !== expected.method) throw new TokenError('proof_htm_mismatch');
  const urls = typeof expected.url === 'string' ? [expected.url] : expected.url;
  if (!urls.some((url) => sameHttpUri(claims.htu, url))) throw new TokenError('proof_htu_mismatch');
  if (claims.ath === undefined) {
    if (expected.athRequired === true) throw new TokenError('proof_missing_ath');
  } else if (expected.token !== undefined && claims.ath !== tokenHash(expected.token)) {
    throw new TokenError('proof_ath_mismatch');
  }
}

function readClaims(claims: { readonly [name: string]: unknown }): ProofClaims {
  const { jti, htm, htu, iat, nonce, ath, attempt } = claims;
  const shaped =
    isText(jti) &&
    jti.length <= LONGEST_JTI &&
    isText(htm) &&
    isText(htu) &&
    typeof iat === 'number' &&
    isTextOrAbsent(nonce) &&
    isTextOrAbsent(ath) &&
    isTextOrAbsent(attempt);
  if (!shaped || (attempt !== undefined && !ATTEMPT.test(attempt))) throw new TokenError('proof_malformed');
  return { jti, htm, htu, nonce, ath, attempt };
}

function jsonObject(segment: string): { readonly [member: string]: unknown } {
  try {
    const value: unknown = JSON.parse(decodeCanonical(segment)!.toString());
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isObject) return value as { readonly [member: string]: unknown };
  } catch {
    // Below: what cannot be decoded is as malformed as what is no object.
  }
  throw new TokenError('proof_malformed');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0;
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
