// The live end of the store: one subscription while somebody waits, taken up again whenever it breaks.
import { comparePositions, type Position } from '@sallyport/engine';
import { START, streamNameFilter, type AllStreamResolvedEvent } from '@eventstore/db-client';
import type { Position as LogPosition } from '@eventstore/db-client';
import type { EventStoreDbConnection } from './connection.js';

export interface TailOptions {
  /** First pause before a broken subscription is taken up again; doubles. Default 100 ms. */
  readonly backoffMs?: number;
  /** Default 10 s. */
  readonly maxBackoffMs?: number;
  /** How long it goes on when nobody waits. Default 1 s. */
  readonly lingerMs?: number;
  /** How long the server may take to confirm it. Default 5 s. */
  readonly confirmWithinMs?: number;
  /** For the jitter of the pauses: 0 to 1. */
  readonly random?: () => number;
}

interface Waiter {
  readonly after: Position | null;
  readonly wake: () => void;
}

/** Events searched by the server without a match before it says how far it is, and how often it says so. */
const searchWindow = 256;
const checkpointInterval = 4;

export class FeedTail {
  private readonly waiters = new Set<Waiter>();
  private readonly options: Required<TailOptions>;
  /** Everything up to here was seen, from `from` on. */
  private reached: Position | null = null;
  private from: Position | null | undefined;
  /** The last event of ours that was delivered. */
  private lastEvent: Position | null = null;
  private stop: (() => void) | undefined;
  private pause: NodeJS.Timeout | undefined;
  private linger: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    private readonly connection: EventStoreDbConnection,
    options: TailOptions = {},
  ) {
    this.options = {
      backoffMs: 100,
      maxBackoffMs: 10_000,
      lingerMs: 1_000,
      confirmWithinMs: 5_000,
      random: Math.random,
      ...options,
    };
  }

  /** Whether the subscription stands; a broken one is taken up again while somebody waits. */
  get isLive(): boolean {
    return this.stop !== undefined && this.failures === 0;
  }

  /** Whether an event after the position is known; undefined when it would have to be looked up. */
  knows(after: Position | null): boolean | undefined {
    if (this.from === undefined || comparePositions(after, this.from) < 0) return undefined;
    if (comparePositions(this.lastEvent, after) > 0) return true;
    return this.isLive ? false : undefined;
  }

  /** Calls `wake` with the first event after the position; returns how to stop that. */
  listen(after: Position | null, wake: () => void): () => void {
    const waiter = { after, wake };
    this.waiters.add(waiter);
    clearTimeout(this.linger);
    this.linger = undefined;
    if (this.from === undefined) this.begin(after);
    return () => {
      this.waiters.delete(waiter);
      if (this.waiters.size > 0) return;
      this.linger ??= setTimeout(() => this.end(), this.options.lingerMs).unref();
    };
  }

  /** Ends the subscription; the next who listens starts another one. */
  end(): void {
    clearTimeout(this.linger);
    clearTimeout(this.pause);
    this.linger = undefined;
    this.pause = undefined;
    this.stop?.();
    this.stop = undefined;
    this.from = undefined;
    this.failures = 0;
  }

  /** Makes a subscription that has missed something anew, for those who still wait. */
  restart(): void {
    this.end();
    const [first] = [...this.waiters].map(({ after }) => after).toSorted(comparePositions);
    if (first !== undefined) this.begin(first);
  }

  close(): void {
    this.closed = true;
    this.end();
    for (const { wake } of this.waiters) wake();
  }

  private begin(after: Position | null): void {
    if (this.closed) return;
    this.from = after;
    this.reached = after;
    this.lastEvent = null;
    this.subscribe();
  }

  private subscribe(): void {
    const { client, options } = this.connection.clientForSubscription();
    const subscription = client.subscribeToAll({
      ...options,
      fromPosition: this.reached === null ? START : logPosition(this.reached),
      filter: streamNameFilter({
        prefixes: [this.connection.prefix],
        maxSearchWindow: searchWindow,
        checkpointInterval,
        checkpointReached: (_, position) => this.advance(position),
      }),
    });
    let over = false;
    const finish = () => {
      over = true;
      clearTimeout(unconfirmed);
      void subscription
        .unsubscribe()
        .catch(() => undefined)
        .then(() => client.close());
    };
    const broken = () => {
      if (over) return;
      finish();
      this.stop = undefined;
      this.again();
    };
    const { confirmWithinMs } = this.options;
    const unconfirmed = setTimeout(broken, confirmWithinMs).unref();
    subscription.on('confirmation', () => {
      clearTimeout(unconfirmed);
      this.failures = 0;
    });
    subscription.on('data', (resolved: AllStreamResolvedEvent) => this.deliver(resolved));
    // Stays for good: without a listener an error ends the process, and it can come after the end.
    subscription.on('error', broken);
    subscription.once('end', broken);
    this.stop = finish;
  }

  /** Takes the subscription up where it broke, later each time it breaks in a row. */
  private again(): void {
    const { backoffMs, maxBackoffMs, random } = this.options;
    const full = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    const pauseMs = full * (0.5 + random() / 2);
    this.pause = setTimeout(() => {
      this.pause = undefined;
      if (this.closed || this.from === undefined) return;
      try {
        this.subscribe();
      } catch {
        this.again();
      }
    }, pauseMs).unref();
  }

  private deliver({ event }: AllStreamResolvedEvent): void {
    const commit = event?.position?.commit;
    if (commit === undefined) return;
    const position = commit.toString(10);
    // The server may send again what it has sent.
    if (comparePositions(position, this.reached) <= 0) return;
    this.reached = position;
    this.lastEvent = position;
    for (const waiter of this.waiters) {
      if (comparePositions(position, waiter.after) > 0) waiter.wake();
    }
  }

  private advance({ commit }: LogPosition): void {
    const position = commit.toString(10);
    if (comparePositions(position, this.reached) > 0) this.reached = position;
  }
}

/** A place in the log as the driver wants it; ours are never inside of an explicit transaction. */
export function logPosition(position: Position): LogPosition {
  const commit = BigInt(position);
  return { commit, prepare: commit };
}
