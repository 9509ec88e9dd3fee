// What a client's registration decides about its sessions.

/** Units are in the names. */
export interface SessionPolicy {
  /** A session ends when it was not refreshed for this long. */
  readonly idleSeconds: number;
  /** A session ends this long after it started, whatever happens. */
  readonly absoluteSeconds: number;
  /** Bearer sessions only: how long the predecessor still gets the same successor again. 0 is RFC 9700's
   * advice. */
  readonly graceSeconds: number;
  readonly accessTokenSeconds: number;
  /** Whether a genuine token with another key's proof ends a key-bound session. */
  readonly wrongKeyEndsSession: boolean;
  /** Whether a token older than the predecessor ends a key-bound session. */
  readonly staleTokenEndsSession: boolean;
}

/** A registered client (RFC 6749 section 2). All are public: what proves them is PKCE and the device's key.
 * */
export interface Client extends SessionPolicy {
  readonly clientId: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
  /** Never gets a bearer token. */
  readonly keyBound: boolean;
  /** Refuses a code request that does not name its key in `dpop_jkt`. */
  readonly requireDpopJkt: boolean;
  /** Its token requests come from servers: where they come from says nothing about a person's whereabouts. */
  readonly serverSide: boolean;
  /** Whether the revocation endpoint wants a proof for tokens of key-bound sessions. */
  readonly revocationNeedsProof: boolean;
}

/** A day in milliseconds. */
export const dayMs = 86_400_000;

/** How old a sign-in may be to count as strong authentication: a password on a key-bound device, until there
 * are second factors. */
export const strongAuthenticationSeconds = 300;

/** Whether a sign-in is one that step-up, travel notices and trust ask for. */
export function isStrongAuthentication(
  by: { readonly deviceId?: string; readonly amr: readonly string[]; readonly authTimeMs: number },
  nowMs: number,
): boolean {
  const ageMs = nowMs - by.authTimeMs;
  return by.deviceId !== undefined && by.amr.includes('pwd') && ageMs <= strongAuthenticationSeconds * 1000;
}

export const maxDevicesPerAccount = 50;

/** Keys reported lost that an account remembers before no new key is linked to it. A lost key is never
 * forgotten, and reporting one is never refused: what gives way is the adding of devices. */
export const maxLostKeys = 256;
export const maxAccessTokenSeconds = 3600;
