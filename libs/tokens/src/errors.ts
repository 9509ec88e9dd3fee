// Why a token, proof, nonce or sealed box was refused: one class, one closed list of codes.

/** Every code once; the type is made from it, and the tests hold it against what can really be thrown. */
export const TOKEN_ERROR_CODES = [
  // Refresh tokens (design section 6, rows 1 and 4).
  'refresh_token_malformed',
  'refresh_key_unknown',
  'refresh_token_tag_wrong',
  'refresh_key_retired',
  'refresh_generations_exhausted',
  // Key proofs (RFC 9449; rows 2 and 3).
  'proof_missing',
  'proof_malformed',
  'proof_alg_unsupported',
  'proof_private_key',
  'proof_nonce_missing',
  'proof_nonce_unknown',
  'proof_nonce_old',
  'proof_htm_mismatch',
  'proof_htu_mismatch',
  'proof_missing_ath',
  'proof_ath_mismatch',
  'proof_key_invalid',
  'proof_signature_invalid',
  // Access tokens (RFC 9068).
  'access_token_malformed',
  'access_token_typ_mismatch',
  'access_token_alg_unsupported',
  'access_token_key_unknown',
  'access_token_signature_invalid',
  'access_token_issuer_mismatch',
  'access_token_audience_mismatch',
  'access_token_expired',
  // Sealed boxes: authorization codes, pushed requests, login forms.
  'sealed_malformed',
  'sealed_key_unknown',
  'sealed_altered',
  'sealed_expired',
  // Data at rest.
  'personal_malformed',
  'personal_altered',
  'personal_key_damaged',
  'credential_malformed',
  'credential_altered',
  // Keys.
  'master_key_malformed',
  'master_key_wrong',
  'key_ring_damaged',
  'key_ring_contended',
  'key_not_found',
  'key_purpose_fixed',
] as const;

export type TokenErrorCode = (typeof TOKEN_ERROR_CODES)[number];

/**
 * The one error class of `tokens`. `keyId` is there where another look at the key ring may help. Holds no
 * secret.
 */
export class TokenError extends Error {
  constructor(
    readonly code: TokenErrorCode,
    readonly details: { readonly keyId?: string; readonly hint?: string } = {},
    options?: { cause?: unknown },
  ) {
    super(details.hint === undefined ? code : `${code}: ${details.hint}`, options);
    this.name = 'TokenError';
  }
}

/** True for a `TokenError`, of one of the given codes when any is named. */
export function isTokenError(error: unknown, ...codes: TokenErrorCode[]): error is TokenError {
  return error instanceof TokenError && (codes.length === 0 || codes.includes(error.code));
}

/** What the attempt gives, or undefined when it throws a `TokenError`: what was sent is not good. */
export function unlessTokenError<T>(attempt: () => T | Promise<T>): T | undefined | Promise<T | undefined> {
  try {
    const result = attempt();
    return result instanceof Promise ? result.catch(undefinedForTokenError) : result;
  } catch (error) {
    return undefinedForTokenError(error);
  }
}

function undefinedForTokenError(error: unknown): undefined {
  if (isTokenError(error)) return undefined;
  throw error;
}
