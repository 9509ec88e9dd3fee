// What the token and revocation endpoints refuse with: one description each, telling the client what to do.
import type { AccountRefusal } from '@sallyport/core-session';
import type { GrantReason, OAuthFailure } from './session-commands.js';

export function failure(error: OAuthFailure['error'], description: string): OAuthFailure {
  return { kind: 'failure', error, description };
}

/** A grant refused, with the reason for callers who proved the session's key. */
export function refusedGrant(description: string, reason?: GrantReason): OAuthFailure {
  return { ...failure('invalid_grant', description), ...(reason === undefined ? {} : { reason }) };
}

/** One answer for every refresh token that is not good, so that strangers learn nothing from it. */
export function refusedRefresh(reason?: GrantReason): OAuthFailure {
  return refusedGrant('The refresh token is not valid for this client and key. Sign in again.', reason);
}

export const unknownClient = failure('invalid_client', 'client_id names no registered client.');

export const scopeExceeded = failure(
  'invalid_scope',
  'scope must lie within the scope that was granted at sign-in.',
);

export const otherKey = refusedGrant('The DPoP proof must be signed by the key of the session.');

export const newNonce = failure(
  'use_dpop_nonce',
  'Send the same token with a new DPoP proof that carries the nonce of the DPoP-Nonce header of this answer.',
);

export const replayedRefreshProof = failure(
  'invalid_dpop_proof',
  'This DPoP proof was used before. Send the same token with a new proof (a new jti).',
);

export const replayedExchangeProof = failure(
  'invalid_dpop_proof',
  'This DPoP proof was used before. Send a new proof (a new jti).',
);

/** The store knows less than the token: never a verdict (G11). */
export const storeBehind: OAuthFailure = {
  ...failure(
    'temporarily_unavailable',
    'The session cannot be judged right now. Keep the token and try again.',
  ),
  retryAfterSeconds: 1,
};

/** What a client is told when its device could not be linked. */
export function grantReasonOf(refusal: AccountRefusal): GrantReason {
  switch (refusal) {
    case 'device_key_lost':
    case 'too_many_devices':
    case 'too_many_lost_keys':
      return refusal;
    case 'device_revoked_since':
      return 'device_revoked';
    case 'account_not_open':
      return 'locked';
    case 'account_exists':
    case 'account_unknown':
    case 'account_not_locked':
    case 'device_unknown':
    case 'hold_unknown':
    case 'travel_period_invalid':
    case 'travel_countries_invalid':
    case 'travel_notice_unknown':
    case 'too_many_travel_notices':
      return 'closed';
    default:
      return neverDecision(refusal);
  }
}

/** For the end of a switch over all decisions. */
export function neverDecision(decision: never): never {
  throw new Error(`unknown decision ${JSON.stringify(decision)}`);
}
