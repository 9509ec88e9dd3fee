// The client's end of a stream of server-sent events: takes lines as fast as it reads them, and no faster.
import type { Writable } from 'node:stream';
import { StreamEnded } from './stream-end.js';

/** How long an ended connection may take to pass its last line on before it is cut. */
const lingerMs = 1_000;

/** What a client is sent of one event. */
export interface EventLine {
  readonly id: string;
  readonly type: string;
  readonly data: object;
}

/** An event as one block of the stream; JSON has no line breaks. */
export function eventBlock({ id, type, data }: EventLine): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A comment, which clients skip. */
export function commentBlock(text: string): string {
  return `: ${text.replace(/[\r\n]+/g, ' ')}\n\n`;
}

export class EventConnection {
  private isClosed = false;
  private left: (() => void) | undefined;

  /** `slowMs`: how long the client may leave what was sent unread. */
  constructor(
    private readonly out: Writable,
    private readonly slowMs: number,
  ) {
    out.once('close', () => this.gone());
    // A connection that breaks is closed, too; there is nobody to tell.
    out.on('error', () => this.gone());
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** Calls back once, when the client has left or the connection was closed. */
  onClosed(left: () => void): void {
    this.left = left;
    if (this.isClosed) left();
  }

  /**
   * Resolves when the client can take more, so that no more than one block waits for it here. Rejects with
   * `StreamEnded`: `too_slow`, or without a reason when the client has left.
   */
  async send(block: string): Promise<void> {
    if (this.isClosed) throw new StreamEnded();
    if (!this.out.write(block)) await this.drained();
  }

  /** Sends the last block if it still can, and closes. */
  close(last: string): void {
    if (this.isClosed) return;
    this.out.end(last);
    setTimeout(() => this.out.destroy(), lingerMs).unref();
  }

  private drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: StreamEnded): void => {
        clearTimeout(timer);
        this.out.off('drain', onDrain);
        this.out.off('close', onClose);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onDrain = (): void => settle();
      const onClose = (): void => settle(new StreamEnded());
      const timer = setTimeout(() => settle(new StreamEnded('too_slow')), this.slowMs);
      this.out.once('drain', onDrain);
      this.out.once('close', onClose);
    });
  }

  private gone(): void {
    this.isClosed = true;
    this.left?.();
    this.left = undefined;
  }
}
