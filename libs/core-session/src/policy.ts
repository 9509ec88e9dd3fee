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

export const maxDevicesPerAccount = 50;
export const maxAccessTokenSeconds = 3600;
