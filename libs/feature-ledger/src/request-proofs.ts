// Rows 2 and 3 of the rotation table, shared by every endpoint that takes a DPoP proof.
import { Injectable } from '@nestjs/common';
import type { ProofFacts } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import { isTokenError, KeyProofs, KeyRing, ProofNonces, retryUnknownKey } from '@sallyport/tokens';
import type { TokenErrorCode } from '@sallyport/tokens';
import type { ProofInput } from './session-commands.js';

/** No verdict on the token: send a proof with the fresh nonce, or a proof that is right. */
export interface ProofFailure {
  readonly kind: 'failure';
  readonly error: 'use_dpop_nonce' | 'invalid_dpop_proof';
  readonly description: string;
}

export type CheckedProof =
  { readonly kind: 'proof'; readonly facts: ProofFacts } | { readonly kind: 'none' } | ProofFailure;

export interface ProofNeed {
  /** Without a proof the answer is a challenge. */
  readonly required: boolean;
  /** The token that goes with the proof: an `ath` must name it. */
  readonly token?: string;
  readonly athRequired?: boolean;
}

const challenge: ProofFailure = {
  kind: 'failure',
  error: 'use_dpop_nonce',
  description: 'Send a DPoP proof that carries the nonce of the DPoP-Nonce header of this answer.',
};

const explanations: { readonly [code in TokenErrorCode]?: string } = {
  proof_malformed:
    'The DPoP header must hold one proof: a JWS in compact form with typ, alg, jwk, jti, htm, htu and iat.',
  proof_alg_unsupported: 'The alg of the DPoP proof is not supported; see dpop_signing_alg_values_supported.',
  proof_private_key: 'The jwk of the DPoP proof must hold the public key only.',
  proof_htm_mismatch: 'htm of the DPoP proof must be the method of this request.',
  proof_htu_mismatch: 'htu of the DPoP proof must be the URL of this request, without query and fragment.',
  proof_missing_ath: 'The DPoP proof must carry ath, the hash of the access token.',
  proof_ath_mismatch: 'ath of the DPoP proof must be the hash of the token sent with it.',
  proof_key_invalid: 'The jwk of the DPoP proof is no valid public key.',
  proof_signature_invalid: 'The signature of the DPoP proof does not fit its jwk.',
};

@Injectable()
export class RequestProofs {
  private readonly proofs = new KeyProofs();
  private readonly nonces: ProofNonces;

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
  ) {
    this.nonces = new ProofNonces(ring);
  }

  /** A nonce for the answer being sent, not older than `floorMs`. */
  freshNonce(floorMs = 0): string {
    return this.nonces.mint(Math.max(this.clock.now(), floorMs));
  }

  /** Checks the request's proof: first its nonce, then what was signed, by whom (RFC 9449 section 4.3). */
  async check(input: ProofInput, need: ProofNeed): Promise<CheckedProof> {
    if (input.dpop === undefined || input.dpop.length === 0) {
      return need.required ? challenge : { kind: 'none' };
    }
    try {
      const parsed = this.proofs.parse(input.dpop);
      const nonceTimeMs = await retryUnknownKey(this.ring, () =>
        this.nonces.check(parsed.claims.nonce, this.clock.now()),
      );
      const expected = {
        method: input.method,
        url: input.url,
        token: need.token,
        athRequired: need.athRequired,
      };
      const verified = await this.proofs.verify(parsed, expected);
      return {
        kind: 'proof',
        facts: { ...verified, nonceTimeMs, namesToken: parsed.claims.ath !== undefined },
      };
    } catch (error) {
      if (!isTokenError(error)) throw error;
      return failureOf(error.code) ?? rethrow(error);
    }
  }
}

function failureOf(code: TokenErrorCode): ProofFailure | undefined {
  if (code === 'proof_nonce_missing' || code === 'proof_nonce_unknown' || code === 'proof_nonce_old') {
    return challenge;
  }
  const description = explanations[code];
  return description === undefined
    ? undefined
    : { kind: 'failure', error: 'invalid_dpop_proof', description };
}

function rethrow(error: unknown): never {
  throw error;
}
