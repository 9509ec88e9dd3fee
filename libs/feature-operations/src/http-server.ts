// The listening socket: bound before anything else so that the port is known, and closed last, after its
// answers.
import { createServer, type RequestListener, type Server } from 'node:http';
import { Server as NetServer, type AddressInfo } from 'node:net';

/**
 * Time limits in milliseconds: a client that dribbles is cut off, an idle connection is kept for the next
 * call.
 */
const headersMs = 10_000;
const requestMs = 20_000;
const keepAliveMs = 65_000;
const checkTimeoutsMs = 5_000;
const maxHeaderBytes = 16_384;
const maxConnections = 10_000;
const limits = {
  maxHeaderSize: maxHeaderBytes,
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  keepAliveTimeout: keepAliveMs,
  connectionsCheckingInterval: checkTimeoutsMs,
};
const drainPollMs = 20;
/**
 * How long a connection may still bring a request after a stop: its client may have sent it before it could
 * know.
 */
const lingerMs = 250;

export interface HttpSocket {
  readonly port: number;
  readonly server: Server;
  /** Gives requests to the application; until then they are answered 503. */
  serve(listener: RequestListener): void;
  /** True from the first call of `stop`. */
  readonly stopping: boolean;
  /**
   * Accepts no new connections, lets what was accepted be answered, closes. True when all was answered in
   * time.
   */
  stop(limitMs: number): Promise<boolean>;
}

/** Binds the address. Rejects with what the system said (`EADDRINUSE`, `EACCES`, ...). */
export async function openSocket(at: { readonly host: string; readonly port: number }): Promise<HttpSocket> {
  let listener: RequestListener = (_request, response) => {
    response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ type: 'urn:sallyport:problem:starting', title: 'Starting', status: 503 }));
  };
  let busy = 0;
  let stopping = false;
  const server = createServer(limits, (request, response) => {
    busy += 1;
    response.once('close', () => (busy -= 1));
    listener(request, response);
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...at, backlog: 1024 }, resolve);
  });
  server.removeAllListeners('error');
  return {
    port: (server.address() as AddressInfo).port,
    server,
    serve: (next) => (listener = next),
    get stopping() {
      return stopping;
    },
    stop: (limitMs) => {
      stopping = true;
      return drain(server, { limitMs, busy: () => busy });
    },
  };
}

interface Drain {
  readonly limitMs: number;
  readonly busy: () => number;
}

async function drain(server: Server, { limitMs, busy }: Drain): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  // The listener alone: `server.close()` would also cut idle connections, on which a request may be on its
  // way.
  NetServer.prototype.close.call(server);
  await pause(Math.min(lingerMs, limitMs));
  while (busy() > 0 && performance.now() < deadline) {
    server.closeIdleConnections();
    await pause(drainPollMs);
  }
  const answered = busy() === 0;
  server.closeAllConnections();
  return answered;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
