// Orders about sessions, typed for the command bus: exchange, refresh, revoke.
import { Command } from '@nestjs/cqrs';
import type { EndCause, RotationRefusal } from '@sallyport/core-session';
import type { Actor, Position } from '@sallyport/engine';

/** What is known of the request that carries a command. Nothing of it is stored in clear. */
export interface RequestOrigin {
  /** The address the request came from, as trusted proxies say. */
  readonly ip: string;
  readonly userAgent?: string;
  /** `App-Version` header of the client, if any; 32 characters at most. */
  readonly appVersion?: string;
  /** Joins log lines and events of one request. */
  readonly correlationId: string;
}

/** The DPoP headers of a request and what they must name (RFC 9449 section 4.3). */
export interface ProofInput {
  readonly dpop: string | readonly string[] | undefined;
  readonly method: string;
  /** The URLs this endpoint is known by, without query and fragment. */
  readonly url: string;
}

/** A token answer (RFC 6749 section 5.1). `expiresIn` in seconds. */
export interface TokenAnswer {
  readonly kind: 'tokens';
  readonly accessToken: string;
  readonly tokenType: 'DPoP' | 'Bearer';
  readonly expiresIn: number;
  readonly refreshToken?: string;
  readonly scope: string;
  /** Where the event that made this answer stands; absent when a retry was sampled. */
  readonly position?: Position;
}

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable';

/** Why a grant was refused, told only to a caller who proved the session's key. */
export type GrantReason =
  RotationRefusal | 'code_reused' | 'device_key_lost' | 'too_many_devices' | 'too_many_lost_keys';

/** An OAuth error (RFC 6749 section 5.2). */
export interface OAuthFailure {
  readonly kind: 'failure';
  readonly error: OAuthErrorCode;
  /** What the client should do; names no secret and no account. */
  readonly description: string;
  readonly reason?: GrantReason;
  /** The fresh nonce of the answer may not be older than this, milliseconds since the epoch. */
  readonly nonceFloorMs?: number;
  /** With `temporarily_unavailable`: answered as 503 with `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** Exchanges an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export class ExchangeCode extends Command<TokenAnswer | OAuthFailure> {
  constructor(
    readonly input: {
      readonly code: string;
      readonly codeVerifier: string;
      readonly redirectUri: string;
      readonly clientId: string;
    },
    readonly proof: ProofInput,
    readonly origin: RequestOrigin,
  ) {
    super();
  }
}

/** Uses a refresh token (RFC 6749 section 6): the rotation table of the design. */
export class RefreshSession extends Command<TokenAnswer | OAuthFailure> {
  constructor(
    readonly input: { readonly refreshToken: string; readonly clientId: string; readonly scope?: string },
    readonly proof: ProofInput,
    readonly origin: RequestOrigin,
  ) {
    super();
  }
}

/** Revokes a token (RFC 7009). Unknown or forged tokens are answered like revoked ones and change nothing. */
export class RevokeToken extends Command<
  { readonly kind: 'done'; readonly position?: Position } | OAuthFailure
> {
  constructor(
    readonly input: { readonly token: string; readonly clientId: string },
    readonly proof: ProofInput,
    readonly origin: RequestOrigin,
  ) {
    super();
  }
}

/** Where a write stands; a view that has reached the position shows it. */
export interface Written {
  readonly position: Position;
}

/** Who orders, and in which request. */
export interface Ordered {
  readonly actor: Actor;
  readonly correlationId: string;
  /** The session that asks, where a signed-in person does: an order about the account counts only if this
   * session may act when its event is appended. */
  readonly sessionId?: string;
}

/**
 * Ends one session. Rejects with `session_unknown`, also when it is not `ofAccount`'s. A session that has
 * ended already is fine: the position is then that of the stream's last event.
 */
export class RevokeSession extends Command<Written> {
  constructor(
    readonly input: {
      readonly sessionId: string;
      readonly ofAccount?: string;
      readonly cause: EndCause;
      readonly reason?: string;
    },
    readonly ordered: Ordered,
  ) {
    super();
  }
}
