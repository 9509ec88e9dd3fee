// The event store on EventStoreDB: appends by expected revision, guards compared after the acknowledgement.
import { EngineError, EventStore, isEngineError } from '@sallyport/engine';
import type { Append, Appended, Guard, RecordedEvent } from '@sallyport/engine';
import { ANY, BACKWARDS, END, ErrorType, FORWARDS, NO_STREAM } from '@eventstore/db-client';
import type { AppendExpectedRevision, AppendResult } from '@eventstore/db-client';
import type { ReadRevision, ResolvedEvent } from '@eventstore/db-client';
import { mayPass, type EventStoreDbConnection } from './connection.js';
import { appendError, certainlyNothingDone, readError, typeOf } from './errors.js';
import { KnownHeads } from './known-heads.js';
import { collect } from './reads.js';
import { SharedReads } from './shared-reads.js';
import { checkAppend, NO_TIME, prepareEvents, toPlace, toRecordedEvent } from './stored-event.js';
import type { PreparedEvents } from './stored-event.js';

export interface EventStoreDbOptions {
  /** Streams whose last hash is remembered, about 200 bytes each. Default 131,072. */
  readonly knownHeads?: number;
}

/** A bounded read of one stream. */
interface Page {
  readonly direction: typeof FORWARDS | typeof BACKWARDS;
  readonly from: ReadRevision;
  readonly limit: number;
}

/** How far back a repeated append is looked for. */
const ownSearchDepth = 64;
/** System events and other people's streams may stand behind the last event of ours. */
const tailLength = 32;

export class EventStoreDbEventStore extends EventStore {
  private readonly known: KnownHeads;
  private readonly headReads = new SharedReads((stream) => this.readHead(stream));
  /** The latest store time seen: what is appended from now on is not recorded before it. */
  private floor = NO_TIME;
  private primed: Promise<void> | undefined;

  constructor(
    private readonly connection: EventStoreDbConnection,
    options: EventStoreDbOptions = {},
  ) {
    super();
    this.known = new KnownHeads(options.knownHeads ?? 131_072);
  }

  /**
   * Also rejects with `queue_full` when too many calls wait, with RangeError or TypeError for what cannot be
   * stored. After `guard_moved` and `outcome_unknown` the append may exist.
   */
  async append(append: Append): Promise<Appended> {
    const { stream, expected, events: drafts, guards } = append;
    checkAppend(stream, drafts);
    await this.prime();
    const previousHash = await this.hashBefore(append);
    const place = { stream, expected, previousHash, notBefore: this.floor };
    const prepared = prepareEvents(drafts, place);
    const revision = await this.send(append, prepared);
    const foreign = guards.filter((guard) => guard.stream !== stream);
    try {
      const [stored] = await Promise.all([this.confirm(stream, revision, prepared), this.compare(foreign)]);
      return { revision, position: stored.position, recordedAt: stored.recordedAt };
    } catch (error) {
      if (isEngineError(error, 'guard_moved', 'outcome_unknown')) throw error;
      throw new EngineError('outcome_unknown', { stream }, { cause: error });
    }
  }

  async read(stream: string, fromRevision: number, limit: number): Promise<RecordedEvent[]> {
    const from = BigInt(fromRevision);
    const events = await this.page(stream, { direction: FORWARDS, from, limit });
    checkPlaces(stream, events, { first: fromRevision, step: 1 });
    return events;
  }

  async readBack(stream: string, limit: number, maxRevision?: number): Promise<RecordedEvent[]> {
    if (maxRevision !== undefined && maxRevision < 0) return [];
    const from = maxRevision === undefined ? END : BigInt(maxRevision);
    const events = await this.page(stream, { direction: BACKWARDS, from, limit });
    checkPlaces(stream, events, { first: events[0]?.revision ?? 0, step: -1 });
    const oldest = events.at(-1);
    // Streams are never cut: what stops short of revision 0 was.
    if (oldest !== undefined && events.length < limit && oldest.revision > 0) throw damaged(stream);
    if (maxRevision === undefined && events[0] !== undefined) this.known.set(stream, events[0]);
    return events;
  }

  async heads(streams: readonly string[]): Promise<number[]> {
    return Promise.all(streams.map((stream) => this.headReads.of(stream)));
  }

  /** Once per process: the time of the last event of all, below which nothing new is recorded. */
  private prime(): Promise<void> {
    this.primed ??= this.readTail().catch((error: unknown) => {
      this.primed = undefined;
      throw readError(error);
    });
    return this.primed;
  }

  private async readTail(): Promise<void> {
    const { connection } = this;
    const tail = await connection.read(connection.timeouts.readMs, (client, options, signal) => {
      const last = { ...options, direction: BACKWARDS, fromPosition: END, maxCount: tailLength } as const;
      return collect(client.readAll(last), signal);
    });
    const ours = tail.find(({ event }) => event?.streamId.startsWith(connection.prefix));
    if (ours !== undefined) this.seen(toRecordedEvent(ours, connection.prefix));
  }

  /** The hash that the first event of an append names; `revision_conflict` where no event is to be named. */
  private async hashBefore({ stream, expected }: Append): Promise<string | undefined> {
    if (expected === 'any' || expected < 0) return undefined;
    const known = this.known.hashAt(stream, expected);
    if (known !== undefined) return known;
    const [before] = await this.page(stream, { direction: BACKWARDS, from: BigInt(expected), limit: 1 });
    if (before?.revision === expected) return before.hash;
    throw new EngineError('revision_conflict', { stream, expected, actual: before?.revision ?? -1 });
  }

  /** Resolves with the revision of the last event, as acknowledged. */
  private async send(append: Append, prepared: PreparedEvents): Promise<number> {
    try {
      return await this.sendOnce(append, prepared);
    } catch (error) {
      if (!mayPass(error) || !certainlyNothingDone(error)) throw this.refused(append, error);
      await this.connection.beforeRetry();
      const own = await this.ownRevision(append, prepared);
      if (own !== undefined) return own;
      return this.sendOnce(append, prepared).catch((again: unknown) => {
        throw this.refused(append, again);
      });
    }
  }

  private async sendOnce({ stream, expected }: Append, prepared: PreparedEvents): Promise<number> {
    const { prefix, timeouts } = this.connection;
    const result = await this.connection.call<AppendResult>(timeouts.appendMs, (client, options) => {
      const expectedRevision = expectedOf(expected);
      const how = { ...options, expectedRevision, deadline: timeouts.appendMs };
      return client.appendToStream(prefix + stream, prepared.events, how);
    });
    return Number(result.nextExpectedRevision);
  }

  private refused({ stream, expected }: Append, error: unknown): Error {
    if (typeOf(error) !== ErrorType.WRONG_EXPECTED_VERSION) return appendError(error, stream);
    const { actualVersion } = error as { actualVersion?: unknown };
    const actual = typeof actualVersion === 'bigint' ? Number(actualVersion) : -1;
    const details = expected === 'any' ? { stream, actual } : { stream, expected, actual };
    return new EngineError('revision_conflict', details);
  }

  /** Where the very events stand already: the store writes the same ids again where they are its last. */
  private async ownRevision({ stream }: Append, prepared: PreparedEvents): Promise<number | undefined> {
    const recent = await this.readBack(stream, ownSearchDepth);
    const own = recent.find((event) => event.id === prepared.lastId);
    return own?.hash === prepared.lastHash(own?.revision ?? -1) ? own.revision : undefined;
  }

  /**
   * Reads the last event back: for its position and time, and as the store acknowledges an append whose ids
   * it has there already, though another attempt wrote them and says something else.
   */
  private async confirm(stream: string, revision: number, prepared: PreparedEvents): Promise<RecordedEvent> {
    const page = { direction: BACKWARDS, from: BigInt(revision), limit: 1 } as const;
    const [stored] = await this.page(stream, page);
    if (stored?.hash !== prepared.lastHash(revision)) throw new EngineError('outcome_unknown', { stream });
    this.known.set(stream, stored);
    return stored;
  }

  private async compare(guards: readonly Guard[]): Promise<void> {
    const stands = await this.heads(guards.map((guard) => guard.stream));
    guards.forEach(({ stream, revision }, index) => {
      const actual = stands[index] ?? -1;
      if (actual !== revision) throw new EngineError('guard_moved', { stream, expected: revision, actual });
    });
  }

  private async readHead(stream: string): Promise<number> {
    const page = { direction: BACKWARDS, from: END, limit: 1 } as const;
    const [last] = await this.resolved(stream, page);
    return last === undefined ? -1 : this.seen(toPlace(last)).revision;
  }

  private async page(stream: string, page: Page): Promise<RecordedEvent[]> {
    const resolved = await this.resolved(stream, page);
    return resolved.map((one) => this.seen(toRecordedEvent(one, this.connection.prefix)));
  }

  private async resolved(stream: string, page: Page): Promise<ResolvedEvent[]> {
    const { prefix, timeouts } = this.connection;
    const { direction, from: fromRevision, limit: maxCount } = page;
    if (maxCount < 1) return [];
    try {
      return await this.connection.read(timeouts.readMs, (client, options, signal) => {
        const read = client.readStream(prefix + stream, { ...options, direction, fromRevision, maxCount });
        return collect(read, signal);
      });
    } catch (error) {
      throw readError(error, stream);
    }
  }

  private seen<T extends { readonly recordedAt: string }>(event: T): T {
    if (event.recordedAt > this.floor) this.floor = event.recordedAt;
    return event;
  }
}

function expectedOf(expected: number | 'any'): AppendExpectedRevision {
  if (expected === 'any') return ANY;
  return expected < 0 ? NO_STREAM : BigInt(expected);
}

/** Events of one stream stand one after another; a gap, or a first one that was cut off, is damage. */
function checkPlaces(
  stream: string,
  events: readonly RecordedEvent[],
  { first, step }: { first: number; step: 1 | -1 },
): void {
  if (events.some((event, index) => event.revision !== first + index * step)) throw damaged(stream);
}

function damaged(stream: string): EngineError {
  return new EngineError('store_damaged', { stream });
}
