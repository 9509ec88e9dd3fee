// What the double keeps: any event store and its feed, with the log's positions and the server's lenience.
import { isUtf8 } from 'node:buffer';
import { isEngineError, type EventDraft, type EventStore, type Feed } from '@sallyport/engine';
import type { RecordedEvent } from '@sallyport/engine';
import { deletedError } from './faults.js';

/** An event as the protocol carries it. */
export interface WireEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface WrittenEvent extends WireEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
  readonly createdMs: number;
}

export type Expected = number | 'any' | 'exists';

/** `current` -1: no such stream. */
export type WireOutcome =
  | { readonly kind: 'written'; readonly revision: number; readonly position: bigint }
  | { readonly kind: 'wrong-expected-version'; readonly current: number };

/** The log's positions are places in a file: they grow, and not by one. */
const bytesPerEvent = 131n;
/** Ids that the server remembers for appends at any revision. */
const rememberedAppends = 1_000;

export class WireLog {
  private readonly tombstones = new Set<string>();
  private readonly recent = new Map<string, WireOutcome>();

  constructor(
    private readonly store: EventStore,
    private readonly feed: Feed,
  ) {}

  /**
   * Appends as the server does, with its lenience: ids that stand behind the expected revision already are
   * acknowledged once more, whatever the events say now; the id of the last event is written again.
   */
  async append(stream: string, expected: Expected, events: readonly WireEvent[]): Promise<WireOutcome> {
    if (this.tombstones.has(stream)) throw deletedError(stream);
    const key = `${stream} ${events.map((event) => event.id).join()}`;
    const again = expected === 'any' ? this.recent.get(key) : undefined;
    if (again !== undefined) return again;
    if (expected === 'exists' && (await this.headOf(stream)) < 0) {
      return { kind: 'wrong-expected-version', current: -1 };
    }
    const outcome = await this.write(stream, expected === 'exists' ? 'any' : expected, events);
    if (outcome.kind === 'written') this.remember(key, outcome);
    return outcome;
  }

  /** The stream can never be written again. */
  tombstone(stream: string): void {
    this.tombstones.add(stream);
  }

  async headOf(stream: string): Promise<number> {
    const [head = -1] = await this.store.heads([stream]);
    return head;
  }

  /** Throws a `WireError` for a deleted stream. `from` undefined: its end. */
  async readStream(
    stream: string,
    { from, count, back }: { from: number | undefined; count: number; back: boolean },
  ): Promise<WrittenEvent[]> {
    if (this.tombstones.has(stream)) throw deletedError(stream);
    if (back) return (await this.store.readBack(stream, count, from)).map(written);
    if (from === undefined) return [];
    return (await this.store.read(stream, from, count)).map(written);
  }

  /** Events at or after the position; all for undefined. */
  async readAll(from: bigint | undefined, count: number): Promise<WrittenEvent[]> {
    return (await this.feed.read(before(from), count)).map(written);
  }

  /** Events before the position, newest first; from the end for undefined. */
  async readAllBack(from: bigint | undefined, count: number): Promise<WrittenEvent[]> {
    const last = from === undefined ? Number((await this.feed.head()) ?? 0) : Number(before(from) ?? 0);
    const first = Math.max(0, last - count);
    const events = await this.feed.read(first === 0 ? null : String(first), last - first);
    return events.map(written).toReversed();
  }

  /** Resolves true once there is an event after the position. */
  wait(after: bigint | undefined, signal: AbortSignal): Promise<boolean> {
    return this.feed.wait(after === undefined ? null : String(after / bytesPerEvent), 60_000, signal);
  }

  private async write(
    stream: string,
    expected: number | 'any',
    events: readonly WireEvent[],
  ): Promise<WireOutcome> {
    try {
      const append = { stream, expected, events: events.map(draftOf), guards: [] };
      const { revision, position } = await this.store.append(append);
      return { kind: 'written', revision, position: BigInt(position) * bytesPerEvent };
    } catch (error) {
      if (!isEngineError(error, 'revision_conflict') || expected === 'any') throw error;
      return this.conflict(stream, expected, events);
    }
  }

  private async conflict(
    stream: string,
    expected: number,
    events: readonly WireEvent[],
  ): Promise<WireOutcome> {
    const there = await this.store.read(stream, expected + 1, events.length);
    const same = there.length === events.length && there.every((event, at) => event.id === events[at]?.id);
    const last = there.at(-1);
    if (!same || last === undefined) {
      return { kind: 'wrong-expected-version', current: await this.headOf(stream) };
    }
    return { kind: 'written', revision: last.revision, position: BigInt(last.position) * bytesPerEvent };
  }

  private remember(key: string, outcome: WireOutcome): void {
    this.recent.set(key, outcome);
    const [oldest] = this.recent.keys();
    if (this.recent.size > rememberedAppends && oldest !== undefined) this.recent.delete(oldest);
  }
}

/** The store's own position before the first event at or after a position of the log. */
function before(from: bigint | undefined): string | null {
  if (from === undefined || from <= bytesPerEvent) return null;
  return String((from + bytesPerEvent - 1n) / bytesPerEvent - 1n);
}

/** The protocol's event is the data of an event of the store's: bytes that are text as that. */
function draftOf({ id, type, isJson, data, metadata }: WireEvent): EventDraft {
  const coding = isUtf8(data) && isUtf8(metadata) ? 'utf8' : 'base64';
  const stored = {
    isJson,
    coding,
    data: Buffer.from(data).toString(coding),
    metadata: Buffer.from(metadata).toString(coding),
  };
  return {
    id,
    type,
    schemaVersion: 1,
    data: stored,
    correlationId: 'wire',
    causationId: 'wire',
    partitionKey: '*',
    actor: { kind: 'system' },
  };
}

function written({ id, type, stream, revision, position, recordedAt, data }: RecordedEvent): WrittenEvent {
  const stored = data as { isJson: boolean; coding: 'utf8' | 'base64'; data: string; metadata: string };
  const { coding } = stored;
  return {
    id,
    type,
    stream,
    revision,
    isJson: stored.isJson,
    data: Buffer.from(stored.data, coding),
    metadata: Buffer.from(stored.metadata, coding),
    position: BigInt(position) * bytesPerEvent,
    createdMs: Date.parse(recordedAt),
  };
}
