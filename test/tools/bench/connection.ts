// One HTTP/1.1 connection that refreshes its sessions in turns, one request at a time, with little work.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { ProofSigner } from '../client/index.js';

/** A session as the load rotates it. */
export interface LoadSession {
  readonly clientId: string;
  readonly key: ProofSigner | undefined;
  /** Of the sign-in. */
  readonly accessToken: string;
  refreshToken: string;
  nonce: string | undefined;
}

/** What a connection saw in one round. Latencies in milliseconds. */
export interface Seen {
  readonly latencies: number[];
  errors: number;
  /** First answer that was no token, for the report. */
  firstError?: string;
}

export class LoadConnection {
  private next = 0;
  private buffered = '';
  private waiting: ((answer: string) => void) | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
    private readonly sessions: readonly LoadSession[],
  ) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.receive(chunk));
    socket.on('error', () => this.waiting?.('connection lost'));
  }

  static async open(issuer: URL, sessions: readonly LoadSession[]): Promise<LoadConnection> {
    const socket = connect({ host: issuer.hostname, port: Number(issuer.port) });
    await once(socket, 'connect');
    return new LoadConnection(socket, issuer.host, sessions);
  }

  /** Refreshes in a closed loop until the deadline (performance.now()). */
  async runUntil(deadline: number, seen: Seen): Promise<void> {
    while (performance.now() < deadline) {
      const session = this.sessions[this.next % this.sessions.length] as LoadSession;
      this.next += 1;
      const startedAt = performance.now();
      const answer = await this.send(session);
      seen.latencies.push(performance.now() - startedAt);
      if (take(session, answer)) continue;
      seen.errors += 1;
      seen.firstError ??= answer.slice(0, 400);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private send({ clientId, key, refreshToken, nonce }: LoadSession): Promise<string> {
    const body = `grant_type=refresh_token&client_id=${clientId}&refresh_token=${refreshToken}`;
    const proof = key === undefined ? '' : `DPoP: ${key.proof({ nonce, token: refreshToken })}\r\n`;
    const type = 'Content-Type: application/x-www-form-urlencoded\r\n';
    const head = `POST /token HTTP/1.1\r\nHost: ${this.host}\r\n${proof}${type}`;
    return new Promise((resolve) => {
      this.waiting = resolve;
      this.socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
    });
  }

  private receive(chunk: string): void {
    this.buffered += chunk;
    const headEnd = this.buffered.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.buffered)?.[1] ?? 0);
    if (this.buffered.length < headEnd + 4 + length) return;
    const answer = this.buffered;
    this.buffered = '';
    this.waiting?.(answer);
  }
}

/** Stores what the answer brings; false when it was no token. */
function take(session: LoadSession, answer: string): boolean {
  const nonce = /dpop-nonce: ([\w-]+)/i.exec(answer)?.[1];
  if (nonce !== undefined) session.nonce = nonce;
  if (!answer.startsWith('HTTP/1.1 200')) return false;
  const token = /"refresh_token":"([^"]+)"/.exec(answer)?.[1];
  if (token === undefined) return false;
  session.refreshToken = token;
  return true;
}
