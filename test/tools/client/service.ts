// A service as its metadata tells (RFC 8414), and authorization requests to it (RFC 6749, RFC 7636).
import * as oauth from 'oauth4webapi';
import { signInByForm } from './sign-in-form.js';

export interface Registration {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
}

export const demoPhone: Registration = {
  clientId: 'demo-phone',
  redirectUri: 'http://127.0.0.1:49152/callback',
  scope: 'offline_access profile',
};
export const demoBearer: Registration = { ...demoPhone, clientId: 'demo-bearer' };

export interface Person {
  readonly username: string;
  readonly password: string;
  /** Where their browser is, see `Network`. */
  readonly address?: string;
}

/** A code on its way to the app, and all it takes to exchange it. */
export interface CodeInHand {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  /** The parameters of the redirect, checked (state and `iss`, RFC 9207). */
  readonly callback: URLSearchParams;
}

/** Reads the metadata of the issuer; rejects when it does not name itself. */
export async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const options = { algorithm: 'oauth2', [oauth.allowInsecureRequests]: true } as const;
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options));
}

/** The URL to send a browser to, with the secrets to keep until it comes back. */
export interface AuthorizationUrl {
  readonly url: string;
  readonly codeVerifier: string;
  readonly state: string;
}

/** `extra` replaces or adds parameters, `dpop_jkt` for one; undefined ones are left out. */
export async function authorizationUrl(
  as: oauth.AuthorizationServer,
  registration: Registration,
  extra: Readonly<Record<string, string | undefined>> = {},
): Promise<AuthorizationUrl> {
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint ?? '');
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: registration.clientId,
    redirect_uri: registration.redirectUri,
    scope: registration.scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...extra,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return { url: url.href, codeVerifier, state };
}

/** Rejects with `SignInRefused`, or with what `oauth4webapi` finds wrong with the redirect. */
export async function obtainCode(
  as: oauth.AuthorizationServer,
  registration: Registration,
  { person, dpopJkt }: { readonly person: Person; readonly dpopJkt?: string },
): Promise<CodeInHand> {
  const { url, codeVerifier, state } = await authorizationUrl(as, registration, { dpop_jkt: dpopJkt });
  const { redirectUri } = registration;
  const sentTo = await signInByForm({ url, redirectUri, ...person });
  const callback = oauth.validateAuthResponse(as, { client_id: registration.clientId }, sentTo, state);
  return { code: callback.get('code') ?? '', codeVerifier, redirectUri, callback };
}
