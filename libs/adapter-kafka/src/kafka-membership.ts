// One membership in a consumer group, from joining to the end of it: the handler's offsets, not the group's,
// say where each partition is read from.
import type { BusBatch, Consumption } from '@sallyport/engine';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { makeClient } from './client.js';
import type { KafkaSettings } from './client.js';
import { receivedOf } from './last-records.js';
import { within } from './within.js';

const sessionTimeoutMs = 30_000;
/**
 * About as long as a session: a broker that comes back within it finds the member it knows. A new member
 * would have to wait for the end of the old one's session.
 */
const memberRetry = {
  initialRetryTime: 100,
  factor: 0.2,
  multiplier: 1.5,
  maxRetryTime: 1_000,
  retries: 30,
};
const heartbeatMs = 1_000;
const idleMs = 1_000;
/** After a failure of the handler; longer than a heartbeat, so that a lost partition is known to be lost. */
const reassignPauseMs = 1_500;
/** Without any fetch for so long the client is taken to be stuck, and made anew. */
const stuckMs = 60_000;
const closeLimitMs = 40_000;
const commitLimitMs = 5_000;
/** Kafka's name for the offset of the oldest record. */
const oldest = '-2';

/** A partition that is this member's, until it is assigned anew. */
interface Seat {
  readonly partition: number;
  /** Resolves when the handler has said where to read from. */
  ready: Promise<void>;
  /** What runs for the partition, one after another. */
  last: Promise<unknown>;
  busyAt: number;
}

export class KafkaMembership {
  private readonly consumer: Consumer;
  private seats = new Map<number, Seat>();
  /** Offsets by partition that the group is told once a second. */
  private readonly toCommit = new Map<number, string>();
  private fetchedAt = performance.now();
  private hasEnded = false;

  constructor(
    settings: KafkaSettings,
    private readonly consumption: Consumption,
  ) {
    this.consumer = makeClient(settings, memberRetry).consumer({
      groupId: consumption.group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: 200,
      maxBytesPerPartition: 512 * 1024,
      allowAutoTopicCreation: false,
      // A new one is made in place of one that crashed, see `KafkaBus.consume`.
      retry: { ...memberRetry, restartOnFailure: async () => false },
    });
  }

  /** Resolves after the abort, when the group was left; rejects when the client crashed or got stuck. */
  async follow(signal: AbortSignal): Promise<void> {
    const { topic } = this.consumption;
    const over = new AbortController();
    try {
      await within(stuckMs, async () => {
        await this.consumer.connect();
        await this.consumer.subscribe({ topics: [topic], fromBeginning: true });
      });
      await this.untilOver(AbortSignal.any([signal, over.signal]));
    } finally {
      this.hasEnded = true;
      over.abort();
      await within(closeLimitMs, () => this.consumer.disconnect()).catch(() => undefined);
    }
  }

  private async untilOver(signal: AbortSignal): Promise<void> {
    const { consumer } = this;
    const crashed = new Promise<never>((_resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.seat(payload.memberAssignment));
      consumer.on(consumer.events.FETCH, () => (this.fetchedAt = performance.now()));
      const eachBatch = (payload: EachBatchPayload): Promise<void> => this.eachBatch(payload);
      const settings = { autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: 4 };
      consumer.run({ ...settings, eachBatch }).catch(reject);
    });
    await Promise.race([crashed, this.watch(signal)]);
  }

  /** Calls `idle`, and looks whether the client still fetches. */
  private async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(idleMs, undefined, { signal }).catch(() => undefined);
      await this.commitOffsets();
      if (signal.aborted) return;
      const now = performance.now();
      const isBusy = [...this.seats.values()].some(({ busyAt }) => now - busyAt < stuckMs);
      if (!isBusy && now - this.fetchedAt > stuckMs) throw new Error('the client has stopped fetching');
      for (const seat of this.seats.values()) {
        if (now - seat.busyAt < idleMs) continue;
        void this.idle(seat);
      }
    }
  }

  /** For displays of lag only: where a partition is read from is the handler's to say. */
  private async commitOffsets(): Promise<void> {
    const { topic } = this.consumption;
    const offsets = [...this.toCommit].map(([partition, offset]) => ({ topic, partition, offset }));
    this.toCommit.clear();
    if (offsets.length === 0) return;
    await within(commitLimitMs, () => this.consumer.commitOffsets(offsets)).catch(() => undefined);
  }

  private async idle(seat: Seat): Promise<void> {
    try {
      await this.inTurn(seat, () => this.consumption.handler.idle(seat.partition));
    } catch (error) {
      this.consumption.failed?.(error);
      this.assign(seat);
    }
  }

  private seat(assignment: { readonly [topic: string]: number[] }): void {
    const before = this.seats;
    this.seats = new Map();
    for (const partition of assignment[this.consumption.topic] ?? []) {
      const last = before.get(partition)?.last ?? Promise.resolve();
      const seat: Seat = { partition, ready: Promise.resolve(), last, busyAt: performance.now() };
      this.seats.set(partition, seat);
      this.assign(seat);
    }
  }

  /** Asks where to read the partition from and goes there, however often asking fails. */
  private assign(seat: Seat): void {
    const { topic, handler } = this.consumption;
    seat.ready = this.inTurn(seat, async () => {
      while (this.holds(seat)) {
        try {
          const offset = (await handler.assigned(seat.partition)) ?? oldest;
          if (this.holds(seat)) this.consumer.seek({ topic, partition: seat.partition, offset });
          return;
        } catch (error) {
          this.consumption.failed?.(error);
          await sleep(reassignPauseMs);
        }
      }
    });
  }

  private async eachBatch({ batch, heartbeat, isStale, ...member }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const seat = this.seats.get(partition);
    if (seat === undefined) return;
    await beating(seat.ready, heartbeat);
    if (isStale() || !member.isRunning() || !this.holds(seat)) return;
    const next = String(BigInt(batch.lastOffset()) + 1n);
    const received: BusBatch = {
      topic,
      partition,
      records: batch.messages.map((message) => receivedOf(topic, partition, message)),
      nextOffset: next,
      lag: Math.max(0, Number(BigInt(batch.highWatermark) - BigInt(next))),
    };
    try {
      const { handler } = this.consumption;
      await beating(this.inTurn(seat, () => handler.handle(received, heartbeat)), heartbeat);
    } catch (error) {
      if (isOfGroup(error)) throw error;
      this.consumption.failed?.(error);
      await beating(sleep(reassignPauseMs), heartbeat);
      await heartbeat();
      this.assign(seat);
      return;
    }
    member.resolveOffset(batch.lastOffset());
    this.toCommit.set(partition, next);
    await heartbeat();
  }

  private holds(seat: Seat): boolean {
    return !this.hasEnded && this.seats.get(seat.partition) === seat;
  }

  private inTurn<T>(seat: Seat, work: () => Promise<T>): Promise<T> {
    const done = seat.last.then(async () => {
      seat.busyAt = performance.now();
      return work().finally(() => (seat.busyAt = performance.now()));
    });
    seat.last = done.catch(() => undefined);
    return done;
  }
}

/** Waits while it tells the group that this member is alive; rejects when the group says it is not. */
async function beating<T>(work: Promise<T>, heartbeat: () => Promise<void>): Promise<T> {
  const done = new AbortController();
  const beats = async (): Promise<never> => {
    for (;;) {
      await sleep(heartbeatMs, undefined, { signal: done.signal });
      await heartbeat();
    }
  };
  try {
    return await Promise.race([work, beats()]);
  } finally {
    done.abort();
  }
}

/** An error by which the group tells its member to join again. */
function isOfGroup(error: unknown): boolean {
  const { type } = error as { readonly type?: unknown };
  const types = ['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'NOT_COORDINATOR'];
  return types.includes(String(type));
}
