// Where a request came from, as far as it can be known.
import { isIP } from 'node:net';

/**
 * The address of the client: of the connection, or what the trusted proxies before us say (`X-Forwarded-For`;
 * which proxies are trusted is the app's setting). A proxy that passes on nonsense counts as the client
 * itself. An IPv4 address in IPv6 form comes out as IPv4. A place in the network, never the device.
 */
export function clientAddress(request: {
  readonly ip: string;
  readonly socket: { readonly remoteAddress?: string };
}): string {
  const address = isIP(request.ip) === 0 ? (request.socket.remoteAddress ?? '') : request.ip;
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
