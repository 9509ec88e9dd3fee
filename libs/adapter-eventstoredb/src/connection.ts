// The way to the store: a client that is replaced when it is broken, bounded calls with deadlines, health.
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, type Clock } from '@sallyport/engine';
import { ErrorType, type Credentials } from '@eventstore/db-client';
import { parseAddress, type StoreAddress } from './address.js';
import { CallTimeout, troubleOf, typeOf } from './errors.js';
import { Gate } from './gate.js';
import { StoreHealth, type Health } from './health.js';
import { StoreClient } from './store-client.js';

export interface ConnectionOptions {
  /** `esdb://user:password@host:2113?tls=true&tlsCAFile=...`, see `parseAddress`. */
  readonly url: string;
  /** For the time since when the store is away. */
  readonly clock: Clock;
  /** What stream names begin with in the store, in front of their own. Default `sallyport.`. */
  readonly prefix?: string;
  /** How long an append, a read of a stream, a page of the feed may take. Defaults 3, 3 and 10 s. */
  readonly appendTimeoutMs?: number;
  readonly readTimeoutMs?: number;
  readonly feedTimeoutMs?: number;
  /** Calls under way at once, below what servers take on one connection. Default 96. */
  readonly maxInFlight?: number;
  /** Calls that may wait for their turn; one more rejects with `queue_full`. Default 4,000. */
  readonly maxWaiting?: number;
}

/** What each call has to name: who asks, as a follower's answer can be old, and that the leader is meant. */
export interface CallOptions {
  readonly credentials: Credentials;
  readonly requiresLeader: true;
}

/** A client, the calls that use it, and whether it was replaced. */
interface Slot {
  readonly client: StoreClient;
  users: number;
  /** Calls in a row that it left without an answer. */
  timeouts: number;
  retired: boolean;
}

type Call<T> = (client: StoreClient, options: CallOptions, signal: AbortSignal) => Promise<T>;

/** After so many unanswered calls in a row the connection itself is doubted. */
const timeoutsBeforeRebuild = 3;
/** The driver changes its channel after it has rejected: a retry waits for that. */
const retryAfterMs = 20;
/** Sent nowhere; without any the driver chooses its batched append, which never settles when unanswered. */
const nobody: Credentials = { username: 'nobody', password: '' };

export class EventStoreDbConnection {
  readonly prefix: string;
  readonly timeouts: { readonly appendMs: number; readonly readMs: number; readonly feedMs: number };
  private readonly callOptions: CallOptions;
  private readonly gate: Gate;
  private readonly state: StoreHealth;
  private slot: Slot | undefined;
  private closed = false;
  private rebuilt = 0;

  private constructor(
    private readonly address: StoreAddress,
    options: ConnectionOptions,
  ) {
    this.prefix = options.prefix ?? 'sallyport.';
    this.timeouts = {
      appendMs: options.appendTimeoutMs ?? 3_000,
      readMs: options.readTimeoutMs ?? 3_000,
      feedMs: options.feedTimeoutMs ?? 10_000,
    };
    this.callOptions = { credentials: address.credentials ?? nobody, requiresLeader: true };
    this.gate = new Gate(options.maxInFlight ?? 96, options.maxWaiting ?? 4_000);
    this.state = new StoreHealth(options.clock);
  }

  /** Connects with the first call. Throws `EventStoreSettingsError`. */
  static to(options: ConnectionOptions): EventStoreDbConnection {
    return new EventStoreDbConnection(parseAddress(options.url), options);
  }

  /** What the latest calls said. */
  get health(): Health {
    return this.state.now;
  }

  /** Calls under way or waiting. */
  get depth(): number {
    return this.gate.depth;
  }

  /** How many times the client was replaced. */
  get rebuilds(): number {
    return this.rebuilt;
  }

  /**
   * Makes a call in its turn and within the time, which includes the waiting. Rejects with the driver's
   * error, `CallTimeout`, or an `EngineError` when nothing was sent.
   */
  async call<T>(timeoutMs: number, call: Call<T>): Promise<T> {
    if (this.closed) throw new EngineError('store_unavailable');
    const deadline = performance.now() + timeoutMs;
    await this.gate.enter(timeoutMs);
    try {
      if (this.closed) throw new EngineError('store_unavailable');
      return await this.perform(call, Math.max(1, deadline - performance.now()));
    } finally {
      this.gate.leave();
    }
  }

  /** A call that changes nothing: made again once when the leader changed or the connection was lost. */
  async read<T>(timeoutMs: number, call: Call<T>): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    try {
      return await this.call(timeoutMs, call);
    } catch (error) {
      const left = deadline - performance.now() - retryAfterMs;
      if (!mayPass(error) || left <= 0) throw error;
      await this.beforeRetry();
      return this.call(left, call);
    }
  }

  /** To be awaited between a call that was refused for the leader's sake and the same call again. */
  async beforeRetry(): Promise<void> {
    await sleep(retryAfterMs);
  }

  /**
   * A client of its own for calls without an end (subscriptions): the driver changes the connection of all
   * calls of a client when one of them breaks. Whoever asked for it closes it.
   */
  clientForSubscription(): { readonly client: StoreClient; readonly options: CallOptions } {
    if (this.closed) throw new EngineError('store_unavailable');
    return { client: StoreClient.to(this.address), options: this.callOptions };
  }

  /** Ends what is under way; later calls reject with `store_unavailable`. Closing twice is fine. */
  async close(): Promise<void> {
    this.closed = true;
    this.gate.refuseWaiting(new EngineError('store_unavailable'));
    const { slot } = this;
    this.slot = undefined;
    await slot?.client.close().catch(() => undefined);
  }

  private async perform<T>(call: Call<T>, timeoutMs: number): Promise<T> {
    const slot = this.take();
    try {
      const result = await within(timeoutMs, (signal) => call(slot.client, this.callOptions, signal));
      this.state.answered();
      slot.timeouts = 0;
      return result;
    } catch (error) {
      this.noteFailure(slot, error);
      throw error;
    } finally {
      this.release(slot);
    }
  }

  private take(): Slot {
    this.slot ??= { client: StoreClient.to(this.address), users: 0, timeouts: 0, retired: false };
    this.slot.users += 1;
    return this.slot;
  }

  /** A replaced client is closed with its last call, so that the calls of others end as they would. */
  private release(slot: Slot): void {
    slot.users -= 1;
    if (slot.retired && slot.users === 0) void slot.client.close().catch(() => undefined);
  }

  private noteFailure(slot: Slot, error: unknown): void {
    const trouble = this.closed ? undefined : troubleOf(error);
    if (trouble === undefined) return;
    this.state.failed(trouble);
    slot.timeouts = trouble === 'timeout' ? slot.timeouts + 1 : 0;
    // The driver looks for the leader again by itself after some errors only.
    const isBroken = trouble === 'internal' || slot.timeouts >= timeoutsBeforeRebuild;
    if (this.slot !== slot || !isBroken) return;
    slot.retired = true;
    this.slot = undefined;
    this.rebuilt += 1;
  }
}

/** Whether an error can be gone at the next try: another leader, a connection that was cut. */
export function mayPass(error: unknown): boolean {
  const type = typeOf(error);
  if (type === ErrorType.NOT_LEADER || type === ErrorType.UNAVAILABLE) return true;
  if (type === ErrorType.CANCELLED) return true;
  return error instanceof Error && /Channel has been shut down/.test(error.message);
}

/** The driver's own deadlines do not hold everywhere; ours do, whatever becomes of the call. */
function within<T>(timeoutMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new CallTimeout(Math.round(timeoutMs)));
      stop.abort();
    }, timeoutMs);
    run(stop.signal)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}
