// Which redirect URIs a client may register (RFC 8252 section 7, RFC 9700 section 4.1).

const loopbackHosts = ['127.0.0.1', '[::1]'];
const schemesNobodyOwns = /^(javascript|data|vbscript|file|blob|about|ftp|ws|wss):/i;

/** Why the value cannot be registered, as a sentence that says what to do; undefined when it can. */
export function redirectUriFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a redirect URI must be a text';
  const uri = URL.canParse(value) ? new URL(value) : undefined;
  const isPrintable = /^[\x21-\x7e]{1,512}$/.test(value);
  if (uri === undefined || !isPrintable) return `"${printable(value)}" is not an absolute URI`;
  if (value.includes('#')) return `"${value}" has a fragment; leave it out (RFC 6749 section 3.1.2)`;
  if (uri.username + uri.password !== '') return `"${value}" has a user name or password; leave it out`;
  if (schemesNobodyOwns.test(value)) return `"${value}" has a scheme that no app owns`;
  if (uri.protocol === 'https:') return undefined;
  if (uri.protocol === 'http:') {
    if (loopbackHosts.includes(uri.hostname)) return undefined;
    return `"${value}" is plain http; use https, or http to 127.0.0.1 or [::1] (RFC 8252 section 7.3)`;
  }
  if (uri.protocol.includes('.')) return undefined;
  return `"${value}" has a scheme without a dot; use a domain that is yours, reversed (RFC 8252 section 7.1)`;
}

function printable(value: string): string {
  return value.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}
