// Loads the state of a stream: from the cache, or back to the last event that carries it and forward from
// there.
import type { RecordedEvent } from './event.js';
import type { EventStore } from './event-store.js';

/** The event as folds see it: the fact and its place in the stream. */
export interface FoldedEvent {
  readonly type: string;
  readonly data: object;
}

/** How the events of one kind of stream fold. All functions are pure. */
export interface StreamType<S> {
  /** The state of a stream without events. */
  readonly initial: S;
  /** The state after the event at `revision`; throws on an unknown type. */
  evolve(state: S, event: FoldedEvent, revision: number): S;
  /** The state the event carries, or undefined when it carries none or one of an older version. */
  carried(event: FoldedEvent): S | undefined;
  /** A rough number of bytes the state takes in memory, for the cache's limit. */
  size(state: S): number;
}

/** A state and the revision it stands at; -1 for a stream without events. */
export interface Versioned<S> {
  readonly stream: string;
  readonly revision: number;
  readonly state: S;
}

const pageSize = 16;

/** A cached state, and whether it was looked at since it came or was passed over. */
interface Slot<S> {
  entry: Versioned<S>;
  used: boolean;
}

/**
 * Reads states through a cache bounded in bytes. Cached states may be behind a shared store: an append's
 * expected revision or a read of the heads tells.
 *
 * What makes room is the oldest that was not used; a used one is passed over once ("second chance"). A hit
 * only sets a flag, where an order by last use would change the map twice at every look.
 */
export class StateReader<S> {
  private readonly cache = new Map<string, Slot<S>>();
  private bytes = 0;

  constructor(
    private readonly store: EventStore,
    private readonly type: StreamType<S>,
    private readonly maxBytes: number,
  ) {}

  /** The state as cached, else as stored. */
  load(stream: string): Versioned<S> | Promise<Versioned<S>> {
    return this.peek(stream) ?? this.fetch(stream);
  }

  /** The state as cached, without a look at the store. */
  peek(stream: string): Versioned<S> | undefined {
    const slot = this.cache.get(stream);
    if (slot === undefined) return undefined;
    slot.used = true;
    return slot.entry;
  }

  /** The state as stored now; replaces what was cached. */
  async fetch(stream: string): Promise<Versioned<S>> {
    const loaded = await this.readFromStore(stream);
    this.keep(loaded);
    return loaded;
  }

  /** Takes note of events this process appended right after `before`. */
  applied(before: Versioned<S>, events: readonly FoldedEvent[]): Versioned<S> {
    let { state, revision } = before;
    for (const event of events) {
      revision += 1;
      state = this.type.carried(event) ?? this.type.evolve(state, event, revision);
    }
    const after = { stream: before.stream, revision, state };
    this.keep(after);
    return after;
  }

  /** Drops the cached state: the stream moved, or may have. */
  forget(stream: string): void {
    const slot = this.cache.get(stream);
    if (slot === undefined) return;
    this.bytes -= this.type.size(slot.entry.state);
    this.cache.delete(stream);
  }

  private async readFromStore(stream: string): Promise<Versioned<S>> {
    const newestFirst: RecordedEvent[] = [];
    let page = await this.store.readBack(stream, 2);
    for (;;) {
      for (const event of page) {
        const carried = this.type.carried(event);
        if (carried !== undefined)
          return this.fold(stream, { state: carried, revision: event.revision }, newestFirst);
        newestFirst.push(event);
      }
      const oldest = newestFirst.at(-1);
      if (page.length === 0 || oldest === undefined || oldest.revision === 0) break;
      page = await this.store.readBack(stream, pageSize, oldest.revision - 1);
    }
    return this.fold(stream, { state: this.type.initial, revision: -1 }, newestFirst);
  }

  private fold(
    stream: string,
    from: { state: S; revision: number },
    newestFirst: readonly RecordedEvent[],
  ): Versioned<S> {
    let { state, revision } = from;
    for (const event of newestFirst.toReversed()) {
      state = this.type.evolve(state, event, event.revision);
      revision = event.revision;
    }
    return { stream, revision, state };
  }

  private keep(entry: Versioned<S>): void {
    const slot = this.cache.get(entry.stream);
    // Cached meanwhile, and further on.
    if (slot !== undefined && slot.entry.revision > entry.revision) return;
    this.bytes += this.type.size(entry.state);
    if (slot === undefined) {
      this.cache.set(entry.stream, { entry, used: false });
    } else {
      this.bytes -= this.type.size(slot.entry.state);
      slot.entry = entry;
      slot.used = true;
    }
    this.makeRoom();
  }

  /** Passes over each used state once at most, so it ends. */
  private makeRoom(): void {
    for (const [stream, slot] of this.cache) {
      if (this.bytes <= this.maxBytes) return;
      if (slot.used) {
        slot.used = false;
        this.cache.delete(stream);
        this.cache.set(stream, slot);
      } else {
        this.forget(stream);
      }
    }
  }
}
