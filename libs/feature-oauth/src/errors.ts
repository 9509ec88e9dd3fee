// The one error class of the OAuth endpoints, and the HTTP status of each code.
import type { OAuthErrorCode } from '@sallyport/feature-ledger';

/**
 * Errors of the authorization endpoint: RFC 6749 section 4.1.2.1, and three of OpenID Connect Core section
 * 3.1.2.6.
 */
export type AuthorizationErrorCode =
  | 'invalid_request'
  | 'invalid_scope'
  | 'unsupported_response_type'
  | 'login_required'
  | 'request_not_supported'
  | 'request_uri_not_supported';

/** All codes of these endpoints: the ledger's, and `server_error` for what nobody expected. */
export type OAuthEndpointErrorCode = AuthorizationErrorCode | OAuthErrorCode | 'server_error';

/** A request that breaks a rule. `description` is for the client's developer and repeats no value. */
export class OAuthError extends Error {
  constructor(
    readonly code: OAuthEndpointErrorCode,
    readonly description: string,
    /** `WWW-Authenticate` for a client that tried to authenticate (RFC 6749 section 5.2): a 401. */
    readonly challenge?: string,
  ) {
    super(`${code}: ${description}`);
    this.name = 'OAuthError';
  }
}

/** RFC 6749 section 5.2: everything is a 400 but the service's own failures. */
export function statusOf(code: OAuthEndpointErrorCode): number {
  if (code === 'temporarily_unavailable') return 503;
  return code === 'server_error' ? 500 : 400;
}
