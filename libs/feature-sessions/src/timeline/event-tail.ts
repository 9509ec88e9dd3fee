// The end of the ledger as it grows, read once for all streams that follow it, and only while there are any.
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { comparePositions } from '@sallyport/engine';
import type { Feed, Position, RecordedEvent } from '@sallyport/engine';

/** Told each page of new events, in order, none left out from the moment it watches. */
export interface Watcher {
  take(events: readonly RecordedEvent[]): void;
}

/** Events are read together that come within this time: the thread also answers refreshes. */
const pageEveryMs = 10;
const pageSize = 100;
const waitMs = 1_000;
const retryMs = 250;
/** Enough to bridge what happens while a stream catches up, a second or so of a busy ledger. */
const maxRecent = 2_000;

export class EventTail {
  private readonly logger = new Logger('events');
  private readonly watchers = new Set<Watcher>();
  private recent: RecordedEvent[] = [];
  /** `recent` has every event after this position. */
  private base: Position | null = null;
  private stopping: AbortController | undefined;
  private started: Promise<void> = Promise.resolve();

  constructor(private readonly feed: Feed) {}

  /** Resolves once the tail is read for the watcher; rejects with `store_unavailable`. */
  async watch(watcher: Watcher): Promise<void> {
    this.watchers.add(watcher);
    if (this.stopping === undefined) this.started = this.start();
    try {
      await this.started;
    } catch (error) {
      this.leave(watcher);
      throw error;
    }
  }

  leave(watcher: Watcher): void {
    this.watchers.delete(watcher);
    if (this.watchers.size > 0) return;
    this.stopping?.abort();
    this.stopping = undefined;
    this.recent = [];
  }

  /** The last position read; `null` for an empty ledger. */
  get position(): Position | null {
    return this.recent.at(-1)?.position ?? this.base;
  }

  /** The events read since the position; undefined when they are not all at hand any more. */
  since(position: Position | null): readonly RecordedEvent[] | undefined {
    if (comparePositions(position, this.base) < 0) return undefined;
    return this.recent.filter((event) => comparePositions(event.position, position) > 0);
  }

  private async start(): Promise<void> {
    const stopping = new AbortController();
    this.stopping = stopping;
    try {
      const head = await this.feed.head();
      // Everybody may have left meanwhile, and others have come: then this is the tail of nobody.
      if (stopping.signal.aborted) return;
      this.base = head;
    } catch (error) {
      if (this.stopping === stopping) this.stopping = undefined;
      throw error;
    }
    void this.follow(stopping.signal);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.readOn(signal);
      } catch (error) {
        this.logger.warn({ msg: 'the end of the ledger cannot be read', error });
        await pause(retryMs, signal);
      }
    }
  }

  private async readOn(signal: AbortSignal): Promise<void> {
    const from = this.position;
    const events = await this.feed.read(from, pageSize);
    if (signal.aborted) return;
    if (events.length === 0) {
      await this.feed.wait(from, waitMs, signal);
      return;
    }
    this.keep(events);
    for (const watcher of this.watchers) watcher.take(events);
    await pause(pageEveryMs, signal);
  }

  private keep(events: readonly RecordedEvent[]): void {
    const all = [...this.recent, ...events];
    const dropped = all.slice(0, Math.max(0, all.length - maxRecent)).at(-1);
    if (dropped !== undefined) this.base = dropped.position;
    this.recent = all.slice(-maxRecent);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
