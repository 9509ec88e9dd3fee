// Whose word counts for where a request came from and what it is called.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const correlationId = /^[A-Za-z0-9._-]{8,64}$/;

/** The addresses of proxies whose word is taken for where a request came from. */
export class TrustedProxies {
  private readonly list = new BlockList();

  /** `ranges`: addresses, or CIDR such as `10.0.0.0/8`, checked before with `isAddressRange`. */
  constructor(readonly ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      this.list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
    }
  }

  has(address: string | undefined): boolean {
    if (this.ranges.length === 0 || address === undefined) return false;
    return this.list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }

  /**
   * The id that joins a request's log lines and events: a trusted proxy's `X-Request-Id`, else a fresh one.
   */
  requestId(request: IncomingMessage): string {
    const given = request.headers['x-request-id'];
    if (typeof given !== 'string' || !correlationId.test(given)) return randomUUID();
    return this.has(request.socket.remoteAddress) ? given : randomUUID();
  }
}

/** Whether the text is an address or a CIDR range. */
export function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
}
