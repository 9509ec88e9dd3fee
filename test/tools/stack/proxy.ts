// A proxy on loopback that is the issuer: passes each request on to the next replica, round robin.
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const maxBody = 64 * 1024;

/** Bodies are held, so that a request that no replica took can go to the next one. */
export class LoopbackProxy {
  private next = 0;

  private constructor(
    private readonly server: Server,
    /** Base URLs of the replicas; may change while it runs. */
    public replicas: readonly string[],
  ) {}

  /** Takes a free port, or the one given. */
  static async start(replicas: readonly string[] = [], port = 0): Promise<LoopbackProxy> {
    const server = createServer();
    const proxy = new LoopbackProxy(server, replicas);
    server.on('request', (asked, answer) => void proxy.pass(asked, answer));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await bodyOf(asked).catch(() => undefined);
    if (body === undefined) return refuse(answer, 413);
    for (let tries = 0; tries < this.replicas.length; tries += 1) {
      const replica = this.replicas[this.next % this.replicas.length] ?? '';
      this.next += 1;
      if (await forward({ replica, asked, body }, answer)) return;
    }
    refuse(answer, 503);
  }
}

interface Passed {
  readonly replica: string;
  readonly asked: IncomingMessage;
  readonly body: Buffer;
}

/** False when the replica took no connection: then another one may be asked. */
function forward({ replica, asked, body }: Passed, answer: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const { method, url = '/', headers, socket } = asked;
    const from = headers['x-forwarded-for'] ?? socket.remoteAddress ?? '';
    const told = { ...headers, 'x-forwarded-for': String(from), connection: 'keep-alive' };
    const passed = request(new URL(url, replica), { method, headers: told });
    passed.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
      response.once('error', () => answer.destroy());
      answer.once('close', () => passed.destroy());
      resolve(true);
    });
    passed.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') return resolve(false);
      // It may have been carried out: the client asks again, as after any lost answer.
      if (!answer.headersSent) refuse(answer, 503);
      resolve(true);
    });
    passed.end(body);
  });
}

function refuse(answer: ServerResponse, status: number): void {
  answer.writeHead(status, { 'retry-after': '1', 'content-type': 'application/json' });
  answer.end('{"error":"temporarily_unavailable"}');
}

async function bodyOf(asked: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of asked) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length > maxBody) throw new RangeError('the body is too long');
  }
  return Buffer.concat(parts);
}
