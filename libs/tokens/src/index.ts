// Tokens, proofs, keys and sealed data: everything of Sallyport that touches cryptography, passwords aside.
export { mintAccessToken, verifyAccessToken } from './access-token.js';
export type { AccessTokenClaims } from './access-token.js';
export { Credentials, nameHash } from './credentials.js';
export { DayTags } from './day-tags.js';
export type { DayTagsParts } from './day-tags.js';
export { ProofNonces } from './dpop-nonce.js';
export { KeyProofs, tokenHash } from './dpop-proof.js';
export type { ParsedProof, ProofClaims, ProofExpectation, VerifiedProof } from './dpop-proof.js';
export { isTokenError, TOKEN_ERROR_CODES, TokenError, unlessTokenError } from './errors.js';
export type { TokenErrorCode } from './errors.js';
export { normalHttpUri, sameHttpUri } from './http-uri.js';
export type { KeyDescription } from './key-manifest.js';
export { KeyRing } from './key-ring.js';
export type { KeyRingParts } from './key-ring.js';
export { KEY_PURPOSES } from './keys.js';
export type { KeyPurpose, KeyStatus, PublicJwk, RefreshKey, SecretKey, SigningKey } from './keys.js';
export { MasterKey, newMasterKeyText, parseMasterKey } from './master-key.js';
export { networkOf, PersonalKeys } from './personal-data.js';
export type { EventPlace } from './personal-data.js';
export { PROOF_ALGORITHMS } from './proof-key.js';
export {
  fingerprint,
  mintFirst,
  mintSuccessor,
  parseRefreshToken,
  REFRESH_TOKEN_LENGTH,
} from './refresh-token.js';
export type { ParsedRefreshToken, RefreshKeys, RefreshTokenParts } from './refresh-token.js';
export { retryUnknownKey } from './retry-unknown-key.js';
export { Sealer } from './sealing.js';
