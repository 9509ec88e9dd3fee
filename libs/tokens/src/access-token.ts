// Access tokens: RFC 9068 JWTs, ES256, assembled by hand around the signature.
import { decodeCanonical } from './bytes.js';
import { TokenError } from './errors.js';
import type { KeyRing } from './key-ring.js';
import type { SigningKey } from './keys.js';
import { signText, verifyText } from './signatures.js';

const LONGEST_CHARS = 8_192;
const KEY_ID = /^[0-9a-f]{8}$/;

/** RFC 9068 section 2.2, with the session, the device and the key it is bound to. Times in seconds. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly client_id: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly scope: string;
  readonly sid: string;
  readonly did?: string;
  /** RFC 9449 section 6: present on tokens of key-bound sessions. */
  readonly cnf?: { readonly jkt: string };
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly auth_time: number;
}

/** Signs the claims under a key of the ring. */
export async function mintAccessToken(claims: AccessTokenClaims, key: SigningKey): Promise<string> {
  const signed = `${key.header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const signature = await signText(signed, key.privateKey);
  return `${signed}.${signature.toString('base64url')}`;
}

/**
 * The claims of a token minted here and still good at `now` (milliseconds). Whether its session may act is
 * another question. Rejects with `access_token_malformed`, `_typ_mismatch`, `_alg_unsupported`,
 * `_key_unknown` (with `keyId`; bad keys too), `_signature_invalid`, `_issuer_mismatch`,
 * `_audience_mismatch`, `_expired`, in this order.
 */
export async function verifyAccessToken(
  token: string,
  ring: Pick<KeyRing, 'signingKeyOfHeader'>,
  expected: { readonly now: number; readonly issuer: string; readonly audience: string },
): Promise<AccessTokenClaims> {
  const parts = token.length > LONGEST_CHARS ? [] : token.split('.');
  if (parts.length !== 3) throw new TokenError('access_token_malformed');
  const [header, payload, end] = parts as [string, string, string];
  // Our header for a key is one text, byte for byte: type, algorithm and key are pinned by one look-up.
  const key = ring.signingKeyOfHeader(header);
  if (key === undefined) throw whyNotOurHeader(header);
  const signature = decodeCanonical(end);
  if (signature?.length !== 64) throw new TokenError('access_token_malformed');
  const signed = token.slice(0, header.length + 1 + payload.length);
  if (!(await verifyText(signed, signature, { digest: 'sha256', key: key.publicKey }))) {
    throw new TokenError('access_token_signature_invalid');
  }
  // Signed here, so it has the shape we gave it.
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as AccessTokenClaims;
  if (claims.iss !== expected.issuer) throw new TokenError('access_token_issuer_mismatch');
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
  if (!audiences.includes(expected.audience)) throw new TokenError('access_token_audience_mismatch');
  if (expected.now >= claims.exp * 1_000) throw new TokenError('access_token_expired');
  return claims;
}

function whyNotOurHeader(segment: string): TokenError {
  const header = decodeHeader(segment);
  if (header === undefined) return new TokenError('access_token_malformed');
  if (header.typ !== 'at+jwt') return new TokenError('access_token_typ_mismatch');
  if (header.alg !== 'ES256') return new TokenError('access_token_alg_unsupported');
  if (typeof header.kid !== 'string' || !KEY_ID.test(header.kid)) {
    return new TokenError('access_token_malformed');
  }
  return new TokenError('access_token_key_unknown', { keyId: header.kid });
}

function decodeHeader(segment: string): { typ?: unknown; alg?: unknown; kid?: unknown } | undefined {
  try {
    const header: unknown = JSON.parse(decodeCanonical(segment)!.toString());
    return typeof header === 'object' && header !== null ? header : undefined;
  } catch {
    return undefined;
  }
}
