// An event store in memory for tests of what stands on the port: same promises, no disk, with faults to
// switch on.
import { createHash } from 'node:crypto';
import {
  EngineError,
  EventStore,
  Feed,
  type Append,
  type Appended,
  type Clock,
  type EventDraft,
  type Position,
  type RecordedEvent,
} from '@sallyport/engine';

/** What is "on disk": hand the log of one store to the next to play a restart. */
export class MemoryLog {
  readonly events: RecordedEvent[] = [];
  readonly streams = new Map<string, RecordedEvent[]>();
  readonly wakers = new Set<() => void>();
}

export interface MemoryEventStoreOptions {
  readonly log?: MemoryLog;
  /** Behaves like a store that can only compare guards after its acknowledgement: the append then exists. */
  readonly checksGuardsAfterAppend?: boolean;
}

export class MemoryEventStore extends EventStore {
  /** Commits, then rejects with `outcome_unknown`. */
  loseAnswer = false;
  /** Rejects everything with `store_unavailable` and appends nothing. */
  unavailable = false;
  /**
   * Called once, between the append and the check of its guards (where these are two steps), then forgotten.
   */
  beforeGuardCheck: (() => Promise<unknown>) | undefined;
  readonly log: MemoryLog;
  readonly feed: Feed;

  constructor(
    private readonly clock: Clock,
    private readonly options: MemoryEventStoreOptions = {},
  ) {
    super();
    this.log = options.log ?? new MemoryLog();
    this.feed = new MemoryFeed(this.log, () => this.checkAvailable());
  }

  async append(append: Append): Promise<Appended> {
    this.checkAvailable();
    if (append.events.length === 0) throw new RangeError('an append needs at least one event');
    const { stream, expected, guards } = append;
    const actual = this.headOf(stream);
    if (expected !== 'any' && expected !== actual) {
      throw new EngineError('revision_conflict', { stream, expected, actual });
    }
    if (!this.options.checksGuardsAfterAppend) this.checkGuards(guards);
    const appended = this.write(append);
    if (this.options.checksGuardsAfterAppend) {
      const hook = this.beforeGuardCheck;
      this.beforeGuardCheck = undefined;
      await (hook?.() ?? Promise.resolve());
      this.checkGuards(guards, stream);
    }
    if (this.loseAnswer) throw new EngineError('outcome_unknown', { stream });
    return appended;
  }

  async read(stream: string, fromRevision: number, limit: number): Promise<RecordedEvent[]> {
    this.checkAvailable();
    return this.eventsOf(stream).slice(fromRevision).slice(0, limit);
  }

  async readBack(
    stream: string,
    limit: number,
    maxRevision = Number.MAX_SAFE_INTEGER,
  ): Promise<RecordedEvent[]> {
    this.checkAvailable();
    return this.eventsOf(stream)
      .filter((event) => event.revision <= maxRevision)
      .reverse()
      .slice(0, limit);
  }

  async heads(streams: readonly string[]): Promise<number[]> {
    this.checkAvailable();
    return streams.map((stream) => this.headOf(stream));
  }

  private write({ stream, expected, events }: Append): Appended {
    const texts = events.map((draft) => JSON.stringify(draft));
    const written = texts.map((text) => this.record(stream, text, expected !== 'any'));
    for (const wake of this.log.wakers) wake();
    const { revision, position, recordedAt } = written.at(-1) as RecordedEvent;
    return { revision, position, recordedAt };
  }

  private record(stream: string, draft: string, chained: boolean): RecordedEvent {
    const before = this.eventsOf(stream).at(-1);
    const last = this.log.events.at(-1);
    const now = new Date(this.clock.now()).toISOString();
    const stored = {
      ...(JSON.parse(draft) as EventDraft),
      stream,
      revision: (before?.revision ?? -1) + 1,
      recordedAt: last !== undefined && last.recordedAt > now ? last.recordedAt : now,
      ...(chained && before !== undefined ? { previousHash: before.hash } : {}),
    };
    const hash = createHash('sha256').update(JSON.stringify(stored)).digest('base64url');
    const recorded = { ...stored, position: String(this.log.events.length + 1), hash };
    this.log.events.push(recorded);
    this.log.streams.set(stream, [...this.eventsOf(stream), recorded]);
    return recorded;
  }

  /**
   * After its own append a stream stands elsewhere than its guard says; that is no move of somebody else's.
   */
  private checkGuards(guards: Append['guards'], own?: string): void {
    for (const { stream, revision } of guards) {
      const actual = this.headOf(stream);
      if (stream !== own && actual !== revision) {
        const certainly = own === undefined ? ({ appended: false } as const) : {};
        throw new EngineError('guard_moved', { stream, expected: revision, actual, ...certainly });
      }
    }
  }

  private eventsOf(stream: string): readonly RecordedEvent[] {
    return this.log.streams.get(stream) ?? [];
  }

  private headOf(stream: string): number {
    return this.eventsOf(stream).at(-1)?.revision ?? -1;
  }

  private checkAvailable(): void {
    if (this.unavailable) throw new EngineError('store_unavailable');
  }
}

class MemoryFeed extends Feed {
  constructor(
    private readonly log: MemoryLog,
    private readonly checkAvailable: () => void,
  ) {
    super();
  }

  async read(after: Position | null, limit: number): Promise<RecordedEvent[]> {
    this.checkAvailable();
    return this.log.events.slice(Number(after ?? 0)).slice(0, limit);
  }

  async head(): Promise<Position | null> {
    this.checkAvailable();
    return this.log.events.at(-1)?.position ?? null;
  }

  async wait(after: Position | null, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const there = () => this.log.events.length > Number(after ?? 0);
    if (there()) return true;
    if (signal?.aborted) return false;
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.log.wakers.delete(wake);
        signal?.removeEventListener('abort', finish);
        resolve(there());
      };
      const wake = () => {
        if (there()) finish();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.log.wakers.add(wake);
      signal?.addEventListener('abort', finish, { once: true });
    });
  }
}
