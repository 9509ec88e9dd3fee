// Redirect URIs: which one a request may name, what is sent there, and which policy lets the browser follow.

const loopback = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::([1-9]\d{0,4}))?((?:[/?].*)?)$/s;
const maxPort = 65_535;

/**
 * Whether the URI is one of the registered ones: the same string (RFC 9700 section 2.1), or, where a loopback
 * address is registered, the same but for the port (RFC 8252 section 7.3). `localhost` is a name, no address.
 */
export function isRegistered(redirectUri: string, registered: readonly string[]): boolean {
  if (registered.includes(redirectUri)) return true;
  const asked = withoutPort(redirectUri);
  return asked !== undefined && registered.some((uri) => withoutPort(uri) === asked);
}

function withoutPort(uri: string): string | undefined {
  const [, origin, port = '1', rest] = loopback.exec(uri) ?? [];
  return origin === undefined || Number(port) > maxPort ? undefined : `${origin}${rest}`;
}

/** The URI with the answer's parameters added to its query (RFC 6749 section 4.1.2). */
export function withParameters(
  redirectUri: string,
  parameters: { readonly [name: string]: string | undefined },
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query.toString()}`;
}

/**
 * The source expression that lets a form's POST end at the URI (CSP `form-action`, which browsers apply to
 * the redirect too): its origin, or its scheme for an app's own scheme. The grammar has no IPv6 addresses, so
 * there it is the scheme as well.
 */
export function formActionSource(redirectUri: string): string {
  const { protocol, origin, hostname } = new URL(redirectUri);
  const web = protocol === 'http:' || protocol === 'https:';
  return web && !hostname.startsWith('[') ? origin : protocol;
}
