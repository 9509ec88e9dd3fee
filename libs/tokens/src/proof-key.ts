// The key inside a DPoP proof's header: which are accepted, their thumbprint (RFC 7638), and their import.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeCanonical, sha256 } from './bytes.js';
import { TokenError } from './errors.js';

/** For `dpop_signing_alg_values_supported` (RFC 9449 section 5.1). */
export const PROOF_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'] as const;

const COORDINATE_BYTES = 32;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

type PublicKeyJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** A key ready to verify with. `digest` undefined: the algorithm brings its own. */
export interface ProofKey {
  readonly digest: 'sha256' | undefined;
  readonly key: KeyObject;
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string;
}

/**
 * The public key a proof's header names, checked but not imported. Throws `proof_malformed` (also for another
 * `typ` and for `crit`), `proof_alg_unsupported`, `proof_private_key`.
 */
export function readProofHeader(header: { readonly [member: string]: unknown }): PublicKeyJwk {
  if (header.typ !== 'dpop+jwt' || header.crit !== undefined) throw new TokenError('proof_malformed');
  if (!PROOF_ALGORITHMS.some((alg) => alg === header.alg)) throw new TokenError('proof_alg_unsupported');
  const jwk = header.jwk as { readonly [member: string]: unknown } | null | undefined;
  if (typeof jwk !== 'object' || jwk === null) throw new TokenError('proof_malformed');
  if (PRIVATE_MEMBERS.some((member) => jwk[member] !== undefined)) throw new TokenError('proof_private_key');
  const { kty, crv, x, y } = jwk;
  if (header.alg === 'ES256') {
    if (kty === 'EC' && crv === 'P-256' && isCoordinate(x) && isCoordinate(y)) return { kty, crv, x, y };
  } else if (kty === 'OKP' && crv === 'Ed25519' && isCoordinate(x)) {
    return { kty, crv, x };
  }
  throw new TokenError('proof_malformed');
}

/**
 * Imports the key: some 100 us, so only where no cache has it. Throws `proof_key_invalid` (no point of the
 * curve).
 */
export function importProofKey(jwk: PublicKeyJwk): ProofKey {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    return { digest: jwk.kty === 'EC' ? 'sha256' : undefined, key, thumbprint: sha256(canonical(jwk)) };
  } catch (cause) {
    throw new TokenError('proof_key_invalid', {}, { cause });
  }
}

/** The members RFC 7638 names, in its order. */
function canonical(jwk: PublicKeyJwk): string {
  const { kty, crv, x } = jwk;
  return JSON.stringify(jwk.kty === 'EC' ? { crv, kty, x, y: jwk.y } : { crv, kty, x });
}

// Canonical, or one key would have several thumbprints.
function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && decodeCanonical(value)?.length === COORDINATE_BYTES;
}
