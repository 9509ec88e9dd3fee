// All streams of server-sent events of this process: how many there may be, and what they have in common.
import { Injectable, Logger } from '@nestjs/common';
import { happeningOf } from '@sallyport/core-views';
import { comparePositions, EventStore, Feed, ViewStore } from '@sallyport/engine';
import type { Position, RecordedEvent } from '@sallyport/engine';
import { ProblemError } from '@sallyport/feature-ledger';
import type { FastifyReply } from 'fastify';
import { ViewProgress } from '../view-progress.js';
import { EventConnection } from './event-connection.js';
import { AccountSource, LedgerSource, Pace } from './event-sources.js';
import type { EventSource } from './event-sources.js';
import { EventStream } from './event-stream.js';
import { EventTail } from './event-tail.js';
import { malformed } from './query.js';
import type { StreamEndReason, StreamProblem } from './stream-end.js';
import { Storyteller } from './storyteller.js';
import type { Listener } from './storyteller.js';

/** A request for a stream. */
export interface StreamRequest {
  readonly audience: Listener['audience'];
  /** The whole ledger where it is absent. */
  readonly accountId?: string;
  /** All where it is absent. */
  readonly types?: ReadonlySet<string>;
  /** Events after it; from now on where it is absent. */
  readonly from?: Position;
  readonly heartbeatMs: number;
  /** Why the reader may not be told more, if so. */
  check(): Promise<StreamEndReason | undefined>;
}

/** How many streams there may be at once, and how much of each may wait in memory. */
export const streamLimits = { perAccount: 5, owner: 200, operator: 8, eventsWaiting: 1_000, slowMs: 10_000 };
const retryAfterSeconds = 5;
const reconnectMs = 2_000;
const contentType = 'text/event-stream; charset=utf-8';

@Injectable()
export class EventStreams {
  private readonly logger = new Logger('events');
  private readonly tail: EventTail;
  private readonly pace = new Pace();
  private readonly open = new Set<{ readonly request: StreamRequest; stream?: EventStream }>();
  private isStopping = false;

  constructor(
    private readonly feed: Feed,
    private readonly store: EventStore,
    private readonly views: ViewStore,
    private readonly progress: ViewProgress,
    private readonly storyteller: Storyteller,
  ) {
    this.tail = new EventTail(feed);
  }

  /** Streams open now, by their audience. */
  count(audience: Listener['audience']): number {
    return [...this.open].filter(({ request }) => request.audience === audience).length;
  }

  /** Ends all streams, and turns new ones away: the service stops. */
  stop(): void {
    this.isStopping = true;
    for (const { stream } of this.open) stream?.stop('stopping');
  }

  /**
   * Answers the request with a stream; resolves when it has begun. Rejects with a `ProblemError` (400, or 503
   * with `Retry-After`) or with `store_unavailable` before anything was answered.
   */
  async serve(request: StreamRequest, reply: FastifyReply): Promise<void> {
    this.admit(request);
    // Fastify answers HEAD by the handler of GET; a stream without a body would never end.
    if (reply.request.method === 'HEAD') return void reply.header('content-type', contentType).send();
    const place: { readonly request: StreamRequest; stream?: EventStream } = { request };
    this.open.add(place);
    try {
      const from = await this.startOf(request);
      const begin = (): EventConnection => beginAnswer(reply, from);
      place.stream = await this.begin(request, { from, begin });
    } catch (error) {
      this.open.delete(place);
      throw error;
    }
    void place.stream.run().then((reason) => {
      this.open.delete(place);
      this.logger.debug({ msg: 'a stream of events ended', audience: request.audience, reason });
    });
  }

  private admit({ audience, accountId }: StreamRequest): void {
    if (this.isStopping) throw turnedAway('stopping');
    const ofAccount = [...this.open].filter(({ request }) => {
      return request.audience === 'owner' && request.accountId === accountId;
    });
    const isFull = this.count(audience) >= streamLimits[audience];
    const hasEnough = audience === 'owner' && ofAccount.length >= streamLimits.perAccount;
    if (isFull || hasEnough) throw turnedAway('too_many_streams');
  }

  private async startOf({ from }: StreamRequest): Promise<Position | null> {
    const head = await this.feed.head();
    if (from === undefined) return head;
    if (comparePositions(from, head ?? '0') <= 0) return from === '0' ? null : from;
    throw malformed('The position to begin after is beyond the end of the ledger: begin without one.');
  }

  /** Watches the tail before the answer begins, so that a ledger that is away is a plain 503. */
  private async begin(
    request: StreamRequest,
    how: { readonly from: Position | null; begin(): EventConnection },
  ): Promise<EventStream> {
    const holder = { take: () => undefined };
    await this.tail.watch(holder);
    if (this.isStopping) {
      this.tail.leave(holder);
      throw turnedAway('stopping');
    }
    const stream = new EventStream({
      tail: this.tail,
      source: this.sourceOf(request),
      connection: how.begin(),
      from: how.from,
      heartbeatMs: request.heartbeatMs,
      maxWaiting: streamLimits.eventsWaiting,
      show: (event) => this.show(event, request),
      check: () => request.check(),
      failed: (error) => this.logger.error({ msg: 'a stream of events failed', error }),
    });
    await this.tail.watch(stream);
    this.tail.leave(holder);
    return stream;
  }

  private sourceOf({ accountId, types }: StreamRequest): EventSource {
    const { store, feed, views, progress, pace } = this;
    const parts = { store, feed, views, progress, pace };
    if (accountId === undefined) return new LedgerSource(parts, types);
    return new AccountSource(parts, accountId, types);
  }

  /** Never the event itself: of its data, what is told; of its parts, what is the reader's. */
  private async show(event: RecordedEvent, { audience }: StreamRequest): Promise<object> {
    const { partitionKey, stream, revision, correlationId } = event;
    const listener = { audience, accountId: partitionKey };
    const [entry] = await this.storyteller.tell([happeningOf(event)], listener);
    if (audience === 'owner') return { ...entry };
    return { ...entry, accountId: partitionKey, stream, revision, requestId: correlationId };
  }
}

/** The head of the answer, and a place to resume from before the first event. */
function beginAnswer(reply: FastifyReply, from: Position | null): EventConnection {
  void reply.hijack();
  const headers = {
    ...reply.getHeaders(),
    'content-type': contentType,
    // A proxy in between must pass events on as they come.
    'x-accel-buffering': 'no',
  };
  reply.raw.writeHead(200, headers as Record<string, string>);
  reply.raw.write(`retry: ${reconnectMs}\nid: ${from ?? '0'}\n\n`);
  return new EventConnection(reply.raw, streamLimits.slowMs);
}

function turnedAway(code: StreamProblem): ProblemError {
  const stopping = code === 'stopping';
  const full = 'There are too many streams; wait, or end one';
  const title = stopping ? 'The service stops; connect again' : full;
  const headers = { 'retry-after': String(retryAfterSeconds) };
  return new ProblemError({ status: 503, code, title, headers });
}
