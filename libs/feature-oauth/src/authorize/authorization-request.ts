// The rules of the authorization endpoint in their order: RFC 6749 section 4.1.1, RFC 7636, RFC 9449.
import type { Client } from '@sallyport/core-session';
import type { ClientRegistry } from '@sallyport/feature-ledger';
import { OAuthError } from '../errors.js';
import { optional, rawParameters, refuseRepeated, required } from '../parameters.js';
import type { RawParameters } from '../parameters.js';
import { isRegistered } from './redirect-uri.js';

/** A request that keeps all rules: what the sign-in form carries, sealed. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  /** Names with single spaces between them, in the order of the client's registration. */
  readonly scope: string;
  readonly codeChallenge: string;
  readonly state?: string;
  readonly dpopJkt?: string;
}

/** Why nothing may be sent to the redirect URI: the person is told instead. */
export type UnanswerableCause = 'client' | 'redirectUri';

/**
 * - `accepted`: a person may sign in for it.
 * - `refused`: the client is told at its redirect URI, with `state` where that can be repeated.
 * - `unanswerable`: client or redirect URI are not known to be right, so nobody is sent anywhere.
 */
export type AuthorizationOutcome =
  | { readonly kind: 'accepted'; readonly request: AuthorizationRequest; readonly client: Client }
  | {
      readonly kind: 'refused';
      readonly error: OAuthError;
      readonly redirectUri: string;
      readonly state?: string;
    }
  | { readonly kind: 'unanswerable'; readonly cause: UnanswerableCause };

// A sealed form has 8,192 characters at most; these lengths keep the whole request below that.
const maxLength = { clientId: 255, redirectUri: 1_024, state: 2_048, scope: 1_024, short: 128 } as const;
const sha256 = /^[A-Za-z0-9_-]{43}$/;
// RFC 6749 appendix A.5.
const printable = /^[\x20-\x7e]*$/;

/** Judges the query of `GET /authorize`. */
export function readAuthorization(query: unknown, clients: ClientRegistry): AuthorizationOutcome {
  const raw = rawParameters(query);
  const { client_id: clientId, redirect_uri: redirectUri } = raw;
  const client = typeof clientId === 'string' ? clients.find(clientId) : undefined;
  if (client === undefined) return { kind: 'unanswerable', cause: 'client' };
  if (typeof redirectUri !== 'string' || redirectUri.length > maxLength.redirectUri) {
    return { kind: 'unanswerable', cause: 'redirectUri' };
  }
  if (!isRegistered(redirectUri, client.redirectUris)) return { kind: 'unanswerable', cause: 'redirectUri' };
  try {
    const request = { clientId: client.clientId, redirectUri, ...readRules(raw, client) };
    return { kind: 'accepted', client, request };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return { kind: 'refused', error, redirectUri, ...repeatableState(raw) };
  }
}

/** The query that asks the same again. */
export function authorizationQuery(request: AuthorizationRequest): string {
  const { clientId, redirectUri, scope, codeChallenge, state, dpopJkt } = request;
  return new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    ...(state === undefined ? {} : { state }),
    ...(dpopJkt === undefined ? {} : { dpop_jkt: dpopJkt }),
  }).toString();
}

type Rules = Omit<AuthorizationRequest, 'clientId' | 'redirectUri'>;

/** Throws `OAuthError` at the first rule that is broken. */
function readRules(raw: RawParameters, client: Client): Rules {
  refuseRepeated(raw);
  refuseRequestObjects(raw);
  const state = readState(raw);
  refuseOtherResponses(raw);
  const codeChallenge = readChallenge(raw);
  const dpopJkt = readThumbprint(raw, client);
  const scope = readScope(raw, client);
  refuseSilence(raw);
  return {
    scope,
    codeChallenge,
    ...(state === undefined ? {} : { state }),
    ...(dpopJkt === undefined ? {} : { dpopJkt }),
  };
}

function refuseRequestObjects(raw: RawParameters): void {
  for (const name of ['request', 'request_uri'] as const) {
    if (raw[name] === undefined) continue;
    throw new OAuthError(`${name}_not_supported`, `${name} is not supported; send plain parameters.`);
  }
}

function readState(raw: RawParameters): string | undefined {
  const state = optional(raw, 'state', maxLength.state);
  if (state === undefined || printable.test(state)) return state;
  throw new OAuthError('invalid_request', 'state must be printable ASCII characters.');
}

function refuseOtherResponses(raw: RawParameters): void {
  if (required(raw, 'response_type', maxLength.short) !== 'code') {
    throw new OAuthError('unsupported_response_type', 'response_type must be code.');
  }
  if ((optional(raw, 'response_mode', maxLength.short) ?? 'query') !== 'query') {
    throw new OAuthError('invalid_request', 'response_mode must be query.');
  }
}

/** RFC 7636 section 4.3, S256 only: `plain` protects nothing where the request can be read. */
function readChallenge(raw: RawParameters): string {
  const challenge = required(raw, 'code_challenge', maxLength.short);
  if (required(raw, 'code_challenge_method', maxLength.short) !== 'S256') {
    throw new OAuthError('invalid_request', 'code_challenge_method must be S256.');
  }
  if (sha256.test(challenge)) return challenge;
  throw new OAuthError('invalid_request', 'code_challenge must be 43 base64url characters.');
}

/** RFC 9449 section 10. */
function readThumbprint(raw: RawParameters, client: Client): string | undefined {
  const thumbprint = optional(raw, 'dpop_jkt', maxLength.short);
  if (thumbprint === undefined && client.requireDpopJkt) {
    throw new OAuthError('invalid_request', 'dpop_jkt is missing; this client must name its key.');
  }
  if (thumbprint === undefined || sha256.test(thumbprint)) return thumbprint;
  throw new OAuthError('invalid_request', 'dpop_jkt must be 43 base64url characters (RFC 7638, SHA-256).');
}

/** What of the client's scope is asked for; all of it when nothing is named (RFC 6749 section 3.3). */
function readScope(raw: RawParameters, client: Client): string {
  const asked = optional(raw, 'scope', maxLength.scope)?.split(' ') ?? client.scopes;
  if (!asked.every((name) => client.scopes.includes(name))) {
    throw new OAuthError('invalid_scope', 'scope names something that this client may not ask for.');
  }
  return client.scopes.filter((name) => asked.includes(name)).join(' ');
}

/** Nobody is ever signed in here already, so what may not ask the person cannot succeed. */
function refuseSilence(raw: RawParameters): void {
  if (optional(raw, 'prompt', maxLength.short)?.split(' ').includes('none') !== true) return;
  throw new OAuthError('login_required', 'A person has to sign in; prompt=none cannot.');
}

function repeatableState(raw: RawParameters): { readonly state?: string } {
  const { state } = raw;
  if (typeof state !== 'string' || state === '' || state.length > maxLength.state) return {};
  return printable.test(state) ? { state } : {};
}
