// The feed over `$all`: the whole log in pages, of which only streams with our prefix are ours.
import { comparePositions, EngineError, Feed, type Position, type RecordedEvent } from '@sallyport/engine';
import { BACKWARDS, END, FORWARDS, START, type AllStreamResolvedEvent } from '@eventstore/db-client';
import type { EventStoreDbConnection } from './connection.js';
import { readError } from './errors.js';
import { FeedTail, logPosition, type TailOptions } from './feed-tail.js';
import { collect } from './reads.js';
import { SharedReads } from './shared-reads.js';
import { toRecordedEvent } from './stored-event.js';

/** Events per page of the log at least and at most: the rest of a page can be the store's own events. */
const smallestPage = 64;
const largestPage = 4_096;

export class EventStoreDbFeed extends Feed {
  private readonly tail: FeedTail;
  /** Nothing of ours stands after `after` up to `scanned`: where the next look for it may begin. */
  private quiet: { readonly after: Position | null; readonly scanned: Position } | undefined;
  /** The last event of ours that was read. */
  private lastSeen: Position | null = null;
  private readonly headReads = new SharedReads(() => this.readHead());

  constructor(
    private readonly connection: EventStoreDbConnection,
    options: TailOptions = {},
  ) {
    super();
    this.tail = new FeedTail(connection, options);
  }

  /** Whether the live end is connected; only while somebody waits. */
  get isLive(): boolean {
    return this.tail.isLive;
  }

  async read(after: Position | null, limit: number): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let from = this.quiet !== undefined && this.quiet.after === after ? this.quiet.scanned : after;
    for (let atEnd = false; !atEnd && events.length < limit;) {
      const count = Math.min(largestPage, Math.max(smallestPage, limit - events.length + 1));
      const page = await this.page(from, count);
      const fresh = page.filter((one) => comparePositions(placeOf(one), from) > 0);
      events.push(...fresh.filter((one) => this.isOurs(one)).map((one) => this.toEvent(one)));
      const last = page.at(-1);
      if (last !== undefined) from = placeOf(last);
      atEnd = page.length < count;
    }
    if (events.length === 0) this.quiet = from === null ? undefined : { after, scanned: from };
    else this.note(events.at(-1)?.position ?? null);
    return events.length > limit ? events.slice(0, limit) : events;
  }

  head(): Promise<Position | null> {
    return this.headReads.of('$all');
  }

  async wait(after: Position | null, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return false;
    const started = performance.now();
    const known = this.tail.knows(after) ?? (await this.read(after, 1)).length > 0;
    const left = timeoutMs - (performance.now() - started);
    if (known || signal?.aborted || left <= 0) return known;
    if (await this.listened(after, left, signal)) return true;
    if (signal?.aborted) return false;
    return this.missed(after);
  }

  /** Waits in progress resolve false; the connection is closed by whoever opened it. */
  close(): void {
    this.tail.close();
  }

  /** The last event of all is ours most of the time; else larger and larger pages are looked through. */
  private async readHead(): Promise<Position | null> {
    let from: Position | undefined;
    for (let count = 1; ; count = Math.min(largestPage, Math.max(smallestPage, count * 4))) {
      const page = await this.pageBack(from, count);
      const ours = page.find((one) => this.isOurs(one));
      const oldest = page.at(-1);
      if (ours !== undefined) this.note(placeOf(ours));
      const passed = oldest === undefined || comparePositions(placeOf(oldest), this.lastSeen) <= 0;
      if (ours !== undefined || passed || page.length < count) return this.lastSeen;
      from = placeOf(oldest);
    }
  }

  private listened(after: Position | null, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (found: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        silence();
        resolve(found);
      };
      const giveUp = () => finish(false);
      const timer = setTimeout(giveUp, timeoutMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      const silence = this.tail.listen(after, () => finish(this.tail.knows(after) === true));
    });
  }

  /** A subscription can fall silent without an error: then what it missed is found, and it is made anew. */
  private async missed(after: Position | null): Promise<boolean> {
    const events = await this.read(after, 1).catch(() => []);
    if (events.length === 0) return false;
    this.tail.restart();
    return true;
  }

  private async page(from: Position | null, maxCount: number): Promise<AllStreamResolvedEvent[]> {
    const fromPosition = from === null ? START : logPosition(from);
    return this.readAll({ direction: FORWARDS, fromPosition, maxCount });
  }

  private async pageBack(before: Position | undefined, maxCount: number): Promise<AllStreamResolvedEvent[]> {
    const fromPosition = before === undefined ? END : logPosition(before);
    return this.readAll({ direction: BACKWARDS, fromPosition, maxCount });
  }

  private async readAll(page: {
    direction: typeof FORWARDS | typeof BACKWARDS;
    fromPosition: typeof START | typeof END | ReturnType<typeof logPosition>;
    maxCount: number;
  }): Promise<AllStreamResolvedEvent[]> {
    try {
      return await this.connection.read(this.connection.timeouts.feedMs, (client, options, signal) =>
        collect(client.readAll({ ...options, ...page }), signal),
      );
    } catch (error) {
      throw readError(error);
    }
  }

  private isOurs({ event }: AllStreamResolvedEvent): boolean {
    return event?.streamId.startsWith(this.connection.prefix) === true;
  }

  private toEvent(resolved: AllStreamResolvedEvent): RecordedEvent {
    return toRecordedEvent(resolved, this.connection.prefix);
  }

  private note(position: Position | null): void {
    if (comparePositions(position, this.lastSeen) > 0) this.lastSeen = position;
  }
}

function placeOf({ event, commitPosition }: AllStreamResolvedEvent): Position {
  const commit = event?.position?.commit ?? commitPosition;
  if (commit === undefined) throw new EngineError('store_damaged');
  return commit.toString(10);
}
