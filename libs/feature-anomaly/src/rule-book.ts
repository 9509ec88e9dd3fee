// The rules' memory against its store: what is loaded, what is committed together, what is told of it.
import type { CountryPlaces } from '@sallyport/core-anomaly';
import { comparePositions } from '@sallyport/engine';
import type { Feed, Position, RecordedEvent, ViewStore } from '@sallyport/engine';
import type { ConsumerReport } from './consumer-messages.js';
import { RuleFold } from './rule-fold.js';
import type { Kept } from './rule-fold.js';
import { rulesProjection, ruleViews } from './rule-rows.js';
import type { OutboxItem, ParkedRow, StatusRow } from './rule-rows.js';
import { crowdOwner, dayOf } from './state-cache.js';

export interface BookParts {
  readonly feed: Feed;
  /** This is its one writer. */
  readonly views: ViewStore;
  readonly countryPlaces: CountryPlaces;
  /** Where the store stood before the service that the rules are part of did anything; else where it stands
   * when they first look. */
  readonly historyUntil?: Position;
  /** With more accounts parked than these something general is wrong, and nothing is judged. */
  readonly maxParked: number;
  /** What leads to nothing may be written so much later: after a crash it is read again. */
  readonly commitMs: number;
  report(report: ConsumerReport): void;
}

const { name: projection, generation } = rulesProjection;
/** Days of crowds kept: tags of networks live 90, and no window is longer. */
const crowdDays = 91;
const maxSweptDays = 400;
const pageSize = 1_000;
/** Events taken in that are not written yet, at most. */
const maxPending = 5_000;

export class RuleBook {
  /** Undefined: to be read from the store. */
  private fold: RuleFold | undefined;
  private at: Position | null = null;
  /** As far as it is written. */
  private written: Position | null = null;
  /** Events taken in since, and when the first of them was. */
  private pending = 0;
  private pendingSince = 0;
  /** The status told last. */
  private told = '';

  constructor(private readonly parts: BookParts) {}

  /** Up to where events are taken in. */
  get checkpoint(): Position | null {
    return this.at;
  }

  get hasPending(): boolean {
    return this.pending > 0;
  }

  /** Until what is taken in must be written; negative or 0: now. */
  get dueInMs(): number {
    if (this.pending >= maxPending) return 0;
    return this.pendingSince + this.parts.commitMs - performance.now();
  }

  get isStopped(): boolean {
    return (this.fold?.parked.size ?? 0) > this.parts.maxParked;
  }

  /** What is in memory, or as it is stored. */
  async open(): Promise<RuleFold> {
    return this.fold ?? (await this.read());
  }

  /** Forgets what is in memory: it may be wrong, or half of a batch. */
  forget(): void {
    this.fold = undefined;
  }

  async reopen(): Promise<RuleFold> {
    this.forget();
    return this.read();
  }

  /** The events were taken in: they are written at once where something comes of them, else when due. */
  async take(fold: RuleFold, events: readonly RecordedEvent[]): Promise<void> {
    if (this.pending === 0) this.pendingSince = performance.now();
    this.pending += events.length;
    this.at = events.at(-1)?.position ?? this.at;
    if (fold.isUrgent || this.dueInMs <= 0) await this.commit(fold);
    else this.tell();
  }

  /** Writes what the fold has to write, and the checkpoint, and tells what is to be sent. */
  async commit(fold: RuleFold, to: Position | null = this.at): Promise<void> {
    if (to === null) return;
    const changes = fold.changes();
    await this.parts.views.commit({ projection, generation, from: this.written, to, changes });
    this.at = to;
    this.written = to;
    this.pending = 0;
    this.tell(fold.settle());
  }

  /** Tells how far it is. */
  tell(items: readonly OutboxItem[] = []): void {
    const { report } = this.parts;
    if (items.length > 0) report({ kind: 'outbox', items });
    const { fold } = this;
    if (fold === undefined) return;
    report({ kind: 'progress', position: this.at });
    const { paused } = fold.currentStatus;
    const { ruleSet } = fold;
    const status = { ruleSet, paused, parked: fold.parked.size, stopped: this.isStopped };
    const told = `${ruleSet.hash} ${paused} ${status.parked} ${status.stopped}`;
    if (told !== this.told) report({ kind: 'status', ...status });
    this.told = told;
  }

  /** The account's events after a position, up to the checkpoint. */
  async *history(accountId: string, after: Position | null): AsyncGenerator<RecordedEvent> {
    let at = after;
    while (comparePositions(at, this.at) < 0) {
      const events = await this.parts.feed.read(at, pageSize);
      for (const event of events) {
        if (comparePositions(event.position, this.at) > 0) return;
        if (event.partitionKey === accountId) yield event;
      }
      if (events.length === 0) return;
      at = (events.at(-1) as RecordedEvent).position;
    }
  }

  /** Deletes what is remembered of networks and keys that nobody saw for long, once a day of the store. */
  async sweep(fold: RuleFold, { recordedAt }: RecordedEvent): Promise<void> {
    const until = dayOf(Date.parse(recordedAt)) - crowdDays;
    const { sweptDay } = fold.currentStatus;
    if (sweptDay !== undefined && sweptDay >= until) return;
    const keys: string[] = [];
    for (let day = Math.max((sweptDay ?? until) + 1, until - maxSweptDays); day <= until; day += 1) {
      const rows = await this.parts.views.list(ruleViews.crowd, generation, crowdOwner(day));
      keys.push(...rows.map(({ key }) => key));
    }
    fold.dropCrowds(keys, until);
  }

  private async read(): Promise<RuleFold> {
    const { views, feed, countryPlaces, historyUntil } = this.parts;
    this.written = await views.checkpoint(projection, generation);
    this.at = this.written;
    this.pending = 0;
    const row = (await views.load(ruleViews.status, generation, ['status'])).get('status');
    const parked = await views.list(ruleViews.parked, generation, 'parked');
    const kept: Kept = {
      status: (row?.body as unknown as StatusRow | undefined) ?? { paused: false, findings: 0 },
      parked: new Map(parked.map(({ key, body }) => [key, body as unknown as ParkedRow])),
    };
    const fold = new RuleFold({ views, countryPlaces }, kept);
    if (this.at === null && row === undefined) {
      // What happened before the rules were there is history: nobody is held for it now.
      fold.setStatus({ silentUntil: historyUntil ?? (await feed.head()) ?? '0' });
    }
    this.fold = fold;
    const pending = await views.list(ruleViews.outbox, generation, 'outbox');
    this.tell(pending.map(({ body }) => body as unknown as OutboxItem));
    return fold;
  }
}
