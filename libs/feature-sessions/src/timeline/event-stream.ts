// One stream of server-sent events from its first to its last line: what was, then what happens, each once.
import { comparePositions } from '@sallyport/engine';
import type { Position, RecordedEvent } from '@sallyport/engine';
import { commentBlock, eventBlock } from './event-connection.js';
import type { EventConnection } from './event-connection.js';
import type { EventSource } from './event-sources.js';
import type { EventTail, Watcher } from './event-tail.js';
import { endings, StreamEnded } from './stream-end.js';
import type { StreamEndReason } from './stream-end.js';

export interface StreamParts {
  readonly tail: EventTail;
  readonly source: EventSource;
  readonly connection: EventConnection;
  /** Events after it are sent. */
  readonly from: Position | null;
  readonly heartbeatMs: number;
  /** Events that may wait for the client. */
  readonly maxWaiting: number;
  /** What the client is shown of an event. */
  show(event: RecordedEvent): Promise<object>;
  /** Why the reader may not be told more; asked before each event and each heartbeat. */
  check(): Promise<StreamEndReason | undefined>;
  /** Told of what ended it that is nobody's doing. */
  failed(error: unknown): void;
}

export class EventStream implements Watcher {
  private position: Position | null;
  private isLive = false;
  private isOverfull = false;
  private mustCheck = false;
  private end: StreamEndReason | undefined;
  private readonly waiting: RecordedEvent[] = [];
  private nextBeatMs: number;
  private wake: (() => void) | undefined;

  constructor(private readonly parts: StreamParts) {
    this.position = parts.from;
    this.nextBeatMs = performance.now() + parts.heartbeatMs;
    parts.connection.onClosed(() => this.wake?.());
  }

  /** Sends until the client leaves or may not, or cannot, be told more; the last line says why. */
  async run(): Promise<StreamEndReason | undefined> {
    const { tail, connection } = this.parts;
    let reason: StreamEndReason | undefined;
    try {
      await this.catchUp();
      for (;;) await this.step();
    } catch (error) {
      reason = error instanceof StreamEnded ? error.reason : 'unavailable';
      if (!(error instanceof StreamEnded)) this.parts.failed(error);
    } finally {
      tail.leave(this);
    }
    connection.close(reason === undefined ? '' : commentBlock(`${reason}: ${endings[reason]}`));
    return reason;
  }

  /** Ends it at the next chance. */
  stop(reason: StreamEndReason): void {
    this.end = reason;
    this.wake?.();
  }

  take(events: readonly RecordedEvent[]): void {
    // A cutoff belongs to no account and may end the session of any.
    this.mustCheck ||= events.some(({ stream }) => stream === 'cutoffs');
    if (this.isLive) this.enqueue(events);
    if (this.mustCheck || this.waiting.length > 0) this.wake?.();
  }

  /** The past comes from the streams; the tail takes over where it has all that came since, without a gap. */
  private async catchUp(): Promise<void> {
    const { tail, source } = this.parts;
    for (;;) {
      const since = tail.since(this.position);
      if (since !== undefined) {
        this.isLive = true;
        return this.enqueue(since);
      }
      const until = tail.position as Position;
      for await (const page of source.past(this.position, until)) {
        for (const event of page) await this.deliver(event);
        await this.beat();
      }
      this.position = until;
    }
  }

  private async step(): Promise<void> {
    const event = this.waiting.shift();
    if (event !== undefined) await this.deliver(event);
    else if (this.isOverfull) throw new StreamEnded('too_slow');
    else if (!this.mustCheck) await this.pause();
    await this.beat();
  }

  /** Once full, takes no more: what waits is still sent, then the stream ends and nothing is left out. */
  private enqueue(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (this.isOverfull) return;
      const isNew = comparePositions(event.position, this.position) > 0;
      if (!isNew || !this.parts.source.includes(event)) continue;
      this.isOverfull = this.waiting.length >= this.parts.maxWaiting;
      if (!this.isOverfull) this.waiting.push(event);
    }
  }

  /** Prepared first and checked last: nothing is awaited between the verdict and the write. */
  private async deliver(event: RecordedEvent): Promise<void> {
    const data = await this.parts.show(event);
    const block = eventBlock({ id: event.position, type: event.type, data });
    await this.check();
    this.position = event.position;
    await this.parts.connection.send(block);
    this.nextBeatMs = performance.now() + this.parts.heartbeatMs;
  }

  private async beat(): Promise<void> {
    this.throwIfOver();
    const isDue = performance.now() >= this.nextBeatMs;
    if (!isDue && !this.mustCheck) return;
    await this.check();
    if (!isDue) return;
    this.nextBeatMs = performance.now() + this.parts.heartbeatMs;
    await this.parts.connection.send(commentBlock('heartbeat'));
  }

  private async check(): Promise<void> {
    this.throwIfOver();
    this.mustCheck = false;
    const reason = await this.parts.check();
    if (reason !== undefined) throw new StreamEnded(reason);
  }

  private throwIfOver(): void {
    if (this.parts.connection.closed) throw new StreamEnded();
    if (this.end !== undefined) throw new StreamEnded(this.end);
  }

  /** Until there is something to do, a heartbeat at the latest. */
  private pause(): Promise<void> {
    this.throwIfOver();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, this.nextBeatMs - performance.now()));
      this.wake = done;
    });
  }
}
