// Whether two HTTP URIs mean the same resource, as a DPoP proof's `htu` is compared (RFC 9449 section 4.3).

// Visible ASCII only: what WHATWG's parser would quietly repair is not a URI (RFC 3986).
const HTTP_URI = /^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i;
const ESCAPED = /%[0-9a-f]{2}/gi;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * The URI in normal form without query and fragment (RFC 3986 sections 6.2.2 and 6.2.3: case of scheme, host
 * and escapes, dot segments, default port, empty path); undefined for anything but an http or https URI
 * without userinfo.
 */
export function normalHttpUri(text: string): string | undefined {
  if (!HTTP_URI.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hostname === '') return undefined;
  return url.origin + url.pathname.replace(ESCAPED, normalEscape);
}

/** True when both are HTTP URIs of one resource. The common case, equal texts, costs a comparison. */
export function sameHttpUri(claimed: string, expected: string): boolean {
  if (claimed === expected) return true;
  const normal = normalHttpUri(claimed);
  return normal !== undefined && normal === normalHttpUri(expected);
}

function normalEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return UNRESERVED.test(character) ? character : escape.toUpperCase();
}
