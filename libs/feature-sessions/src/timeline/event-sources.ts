// Which events a stream is about, and how those that happened before it are found: in pages, gently.
import { setTimeout as sleep } from 'node:timers/promises';
import { streams } from '@sallyport/core-session';
import { timelineProjection, timelineViews } from '@sallyport/core-views';
import { comparePositions } from '@sallyport/engine';
import type { EventStore, Feed, Position, RecordedEvent, ViewStore } from '@sallyport/engine';
import { StreamHistory } from './stream-history.js';
import { StreamEnded } from './stream-end.js';
import type { ViewProgress } from '../view-progress.js';

export interface EventSource {
  /** Whether an event that happens now belongs to it. */
  includes(event: RecordedEvent): boolean;
  /** Those after `from` up to `until`, in order, in pages that may be empty. Throws `StreamEnded`. */
  past(from: Position | null, until: Position): AsyncGenerator<readonly RecordedEvent[]>;
}

export interface SourceParts {
  readonly store: EventStore;
  readonly feed: Feed;
  readonly views: ViewStore;
  readonly progress: ViewProgress;
  readonly pace: Pace;
}

const pageSize = 50;
const pageEveryMs = 10;
const viewsBudgetMs = 2_000;
/** Streams of one account whose heads are looked at in one turn. */
const streamsPerTurn = 50;

/** Lets all who read the past share one page each few milliseconds: the thread also answers refreshes. */
export class Pace {
  private last: Promise<unknown> = Promise.resolve();

  turn(): Promise<void> {
    const mine = this.last;
    this.last = mine.then(() => sleep(pageEveryMs));
    return mine.then(() => undefined);
  }
}

/** The whole ledger, or the types asked for. */
export class LedgerSource implements EventSource {
  constructor(
    private readonly parts: SourceParts,
    private readonly types: ReadonlySet<string> | undefined,
  ) {}

  includes({ type }: RecordedEvent): boolean {
    return this.types?.has(type) ?? true;
  }

  async *past(from: Position | null, until: Position): AsyncGenerator<readonly RecordedEvent[]> {
    for (let at = from; comparePositions(at, until) < 0; ) {
      await this.parts.pace.turn();
      const events = await this.parts.feed.read(at, pageSize);
      if (events.length === 0) return;
      yield events.filter((event) => comparePositions(event.position, until) <= 0 && this.includes(event));
      at = events.at(-1)?.position ?? until;
    }
  }
}

/**
 * One account: its own stream and those of its sign-ins, sessions and findings. Its sign-in name's stream is
 * not among them: the account's tells whose the name is.
 */
export class AccountSource implements EventSource {
  constructor(
    private readonly parts: SourceParts,
    private readonly accountId: string,
    private readonly types?: ReadonlySet<string>,
  ) {}

  includes({ partitionKey, stream, type }: RecordedEvent): boolean {
    if (partitionKey !== this.accountId || !(this.types?.has(type) ?? true)) return false;
    return stream.startsWith('session-') || this.ownStreams().includes(stream);
  }

  /** Merges the streams by position, reading of each only what is asked for. */
  async *past(from: Position | null, until: Position): AsyncGenerator<readonly RecordedEvent[]> {
    const histories: StreamHistory[] = [];
    for (const names of groupsOf(await this.streamNames(until), streamsPerTurn)) {
      await this.parts.pace.turn();
      const opened = names.map((name) => StreamHistory.open(this.parts.store, name, { from, until }));
      histories.push(...(await Promise.all(opened)).filter((history) => history.next !== undefined));
      yield [];
    }
    for (let isMore = true; isMore; ) {
      await this.parts.pace.turn();
      const page: RecordedEvent[] = [];
      while (page.length < pageSize && isMore) {
        const event = await earliest(histories);
        isMore = event !== undefined;
        if (event !== undefined && this.includes(event)) page.push(event);
      }
      yield page;
    }
  }

  /** A session is found by the views, so they must show all that was begun until then. */
  private async streamNames(until: Position): Promise<string[]> {
    const { progress, views } = this.parts;
    const shown = await progress.waitFor(until, viewsBudgetMs, this.accountId);
    if (!shown) throw new StreamEnded('views_behind');
    const sessions = await views.list(timelineViews.session, timelineProjection.generation, this.accountId);
    return [...this.ownStreams(), ...sessions.map(({ key }) => streams.session(key))];
  }

  private ownStreams(): string[] {
    const { accountId } = this;
    return [streams.account(accountId), streams.login(accountId), `anomaly-${accountId}`];
  }
}

/** Takes the event with the lowest position; undefined when there is none left. */
async function earliest(histories: readonly StreamHistory[]): Promise<RecordedEvent | undefined> {
  let first: StreamHistory | undefined;
  for (const history of histories) {
    if (history.next === undefined) continue;
    const least = first?.next?.position;
    if (least === undefined || comparePositions(history.next.position, least) < 0) first = history;
  }
  return first?.take();
}

function groupsOf<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}
