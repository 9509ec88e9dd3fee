// The rules of the token and revocation endpoints, called by hand: a validation pipe costs too much here.
import type { ClientRegistry } from '@sallyport/feature-ledger';
import type { FastifyRequest } from 'fastify';
import { OAuthError } from '../errors.js';
import { optional, rawParameters, refuseRepeated, required } from '../parameters.js';
import type { RawParameters } from '../parameters.js';

const formType = /^application\/x-www-form-urlencoded[ \t]*(;|$)/i;
const codeVerifier = /^[A-Za-z0-9._~-]{43,128}$/;
// RFC 6749 appendix A.4: printable ASCII but for the quotation mark and the backslash; single spaces between.
const scope = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/** Longest values, in characters; what is longer was not made by this service or is not of its clients. */
const maxLength = {
  grantType: 128,
  clientId: 255,
  code: 8_192,
  redirectUri: 2_048,
  refreshToken: 1_024,
  scope: 1_024,
  token: 8_192,
} as const;

export type TokenRequest =
  | {
      readonly grantType: 'authorization_code';
      readonly code: string;
      readonly codeVerifier: string;
      readonly redirectUri: string;
      readonly clientId: string;
    }
  | {
      readonly grantType: 'refresh_token';
      readonly refreshToken: string;
      readonly clientId: string;
      readonly scope?: string;
    };

/** RFC 6749 sections 4.1.3 and 6, RFC 7636 section 4.5. Throws `OAuthError` naming the parameter at fault. */
export function readTokenRequest(request: FastifyRequest, clients: ClientRegistry): TokenRequest {
  const raw = formOf(request);
  const grantType = required(raw, 'grant_type', maxLength.grantType);
  if (grantType === 'refresh_token') {
    const refreshToken = required(raw, 'refresh_token', maxLength.refreshToken);
    const clientId = readClientId(raw, clients);
    const asked = optional(raw, 'scope', maxLength.scope);
    return { grantType, refreshToken, clientId, ...(asked === undefined ? {} : { scope: readScope(asked) }) };
  }
  if (grantType === 'authorization_code') {
    return {
      grantType,
      code: required(raw, 'code', maxLength.code),
      codeVerifier: readVerifier(raw),
      redirectUri: required(raw, 'redirect_uri', maxLength.redirectUri),
      clientId: readClientId(raw, clients),
    };
  }
  const description = 'grant_type must be authorization_code or refresh_token.';
  throw new OAuthError('unsupported_grant_type', description);
}

/**
 * RFC 7009 section 2.1. `token_type_hint` is only a hint and not needed: a token says itself what it is.
 * Throws `OAuthError` naming the parameter at fault.
 */
export function readRevocation(
  request: FastifyRequest,
  clients: ClientRegistry,
): { readonly token: string; readonly clientId: string } {
  const raw = formOf(request);
  const token = required(raw, 'token', maxLength.token);
  return { token, clientId: readClientId(raw, clients) };
}

/** The form, from a client that does not try to authenticate: all clients here are public. */
function formOf(request: FastifyRequest): RawParameters {
  const { authorization, 'content-type': contentType = '' } = request.headers;
  if (!formType.test(contentType)) {
    throw new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded.');
  }
  if (authorization !== undefined) {
    const description = 'Clients are public here: send client_id in the body and no Authorization header.';
    throw new OAuthError('invalid_client', description, challengeFor(authorization));
  }
  const raw = rawParameters(request.body);
  refuseRepeated(raw);
  if (raw['client_secret'] !== undefined || raw['client_assertion'] !== undefined) {
    throw new OAuthError('invalid_client', 'Clients are public here: send client_id and no credentials.');
  }
  return raw;
}

/** RFC 6749 section 5.2: the challenge names the scheme that the client tried. */
function challengeFor(authorization: string): string {
  const [scheme] = authorization.split(' ', 1);
  const known = ['Basic', 'Bearer', 'DPoP'].find((name) => name.toLowerCase() === scheme?.toLowerCase());
  return `${known ?? 'Basic'} realm="sallyport"`;
}

function readClientId(raw: RawParameters, clients: ClientRegistry): string {
  const clientId = required(raw, 'client_id', maxLength.clientId);
  if (clients.find(clientId) !== undefined) return clientId;
  throw new OAuthError('invalid_client', 'client_id is not registered.');
}

function readVerifier(raw: RawParameters): string {
  const value = required(raw, 'code_verifier', 128);
  if (codeVerifier.test(value)) return value;
  throw new OAuthError('invalid_request', 'code_verifier must be 43 to 128 unreserved characters.');
}

function readScope(value: string): string {
  if (scope.test(value)) return value;
  throw new OAuthError('invalid_scope', 'scope must be names with single spaces between them.');
}
