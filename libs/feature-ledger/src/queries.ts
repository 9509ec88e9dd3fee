// Questions answered from the streams themselves, never from a view.
import { Query } from '@nestjs/cqrs';
import type { AccountState, SessionState, Standing } from '@sallyport/core-session';
import type { ProofInput } from './session-commands.js';

/** Who a request with an access token acts for, after its session's standing was judged on the streams. */
export interface Principal {
  readonly accountId: string;
  readonly sessionId: string;
  readonly deviceId?: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly authTimeMs: number;
  /** When the access token ends that was sent. */
  readonly tokenExpiresAtMs: number;
  readonly acr: string;
  readonly amr: readonly string[];
}

/**
 * Why a request at a protected resource was refused (RFC 6750 section 3.1, RFC 9449 section 7): 401 with
 * `WWW-Authenticate` of the scheme, and a fresh `DPoP-Nonce` for `DPoP`. `missing`: no token, so no error.
 */
export interface AccessFailure {
  readonly kind: 'failure';
  readonly error: 'missing' | 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce' | 'invalid_request';
  readonly description: string;
  readonly scheme: 'DPoP' | 'Bearer';
}

/** Checks an access token, its proof, and the session's standing now. */
export class AuthenticateAccess extends Query<
  { readonly kind: 'principal'; readonly principal: Principal } | AccessFailure
> {
  constructor(
    readonly authorization: string | undefined,
    readonly proof: ProofInput,
  ) {
    super();
  }
}

/** A session as its streams tell, or undefined. */
export class ReadSession extends Query<
  { readonly session: SessionState; readonly standing: Standing } | undefined
> {
  constructor(readonly sessionId: string) {
    super();
  }
}

/** An account as its stream tells, by id or sign-in name (e-mail), or undefined. No `email` once erased. */
export class ReadAccount extends Query<
  { readonly accountId: string; readonly account: AccountState; readonly email?: string } | undefined
> {
  constructor(readonly by: { readonly id: string } | { readonly email: string }) {
    super();
  }
}
