// Follows the feed with the rules: each event once per account; states, what is to be sent and the checkpoint
// in one transaction, at once where something is to be sent. A failing port is waited for; an account whose
// event cannot be judged is parked.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CountryPlaces } from '@sallyport/core-anomaly';
import { comparePositions, isEngineError, pause } from '@sallyport/engine';
import type { Feed, Position, RecordedEvent, ViewStore } from '@sallyport/engine';
import type { ConsumerOrder, ConsumerReport } from './consumer-messages.js';
import { drain, faultOf, inject, reasonOf, rebuild } from './repairs.js';
import { RuleBook } from './rule-book.js';
import type { RuleFold } from './rule-fold.js';

export interface ConsumerParts {
  readonly feed: Feed;
  /** The consumer is its one writer. */
  readonly views: ViewStore;
  readonly countryPlaces: CountryPlaces;
  /** What is history at the very first start; where the store stands then, by default. */
  readonly historyUntil?: Position;
  report(report: ConsumerReport): void;
  /** Events in one transaction at most; 500 by default. */
  readonly batchSize?: number;
  /** A batch that is not full is followed by a wait until so long after it began; 0 by default. */
  readonly paceMs?: number;
  /** Batches that lead to nothing are written together, so long after the first; 0 by default. */
  readonly commitMs?: number;
  /** With more accounts parked (100) something general is wrong, and nothing is judged. */
  readonly maxParked?: number;
  /** Waits before an event that failed is tried again, as often as there are entries. */
  readonly retryDelaysMs?: readonly number[];
}

const idleMs = 1_000;
const [firstRetryMs, lastRetryMs] = [50, 5_000];

export class RuleConsumer {
  private readonly book: RuleBook;
  private readonly orders: ConsumerOrder[] = [];
  private waiting: AbortController | undefined;
  private retryMs = firstRetryMs;
  /** An event failed here: up to it each batch is written at once, so that it can be found. */
  private promptUntil: Position | null = null;

  constructor(private readonly parts: ConsumerParts) {
    const { maxParked = 100, commitMs = 0 } = parts;
    const report = (one: ConsumerReport): void => parts.report(one);
    this.book = new RuleBook({ ...parts, maxParked, commitMs, report });
  }

  /** Carried out between batches, in order. */
  order(order: ConsumerOrder): void {
    this.orders.push(order);
    this.waiting?.abort();
  }

  /** Follows until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.waiting?.abort(), { once: true });
    while (!signal.aborted) {
      try {
        await this.step(signal);
      } catch (error) {
        await this.recover(error, signal);
      }
    }
    // What cannot be written now is read again at the next start.
    await this.flush().catch(() => undefined);
  }

  private async flush(): Promise<void> {
    if (this.book.hasPending) await this.book.commit(await this.book.open());
  }

  /** One order, one batch, or one wait. */
  private async step(signal: AbortSignal): Promise<void> {
    const { book } = this;
    const fold = await book.open();
    const [order] = this.orders;
    if (order !== undefined) {
      await this.flush();
      await this.carryOut(order);
      this.orders.shift();
      return;
    }
    if (book.dueInMs <= 0) await this.flush();
    if (book.isStopped) return this.idle(signal, 'stopped');
    const { batchSize = 500, paceMs = 0 } = this.parts;
    const startedAt = performance.now();
    const events = await this.parts.feed.read(book.checkpoint, batchSize);
    if (events.length === 0) return this.idle(signal, book.checkpoint);
    await this.takeBatch(fold, events);
    this.retryMs = firstRetryMs;
    const restMs = paceMs - (performance.now() - startedAt);
    if (restMs > 0 && events.length < batchSize) await pause(restMs, signal);
  }

  private async takeBatch(fold: RuleFold, events: readonly RecordedEvent[]): Promise<void> {
    await fold.cache.load(events);
    for (const [index, event] of events.entries()) {
      try {
        fold.take(event);
      } catch (error) {
        // The states in memory are half changed: what was before it is taken again, and committed.
        const { hasPending } = this.book;
        this.promptUntil = event.position;
        const again = await this.book.reopen();
        if (hasPending) return;
        return index === 0 ? this.takeFailing(event, error) : this.takeBatch(again, events.slice(0, index));
      }
    }
    const last = events.at(-1) as RecordedEvent;
    await this.book.sweep(fold, last);
    await this.book.take(fold, events);
    if (comparePositions(last.position, this.promptUntil) <= 0) await this.flush();
  }

  /** Tries an event that failed a few times, alone; then its account is parked; one of none is left out. */
  private async takeFailing(event: RecordedEvent, first: unknown): Promise<void> {
    const { book } = this;
    let error = first;
    for (const delayMs of this.parts.retryDelaysMs ?? [50, 200, 500]) {
      await sleep(delayMs);
      const fold = await book.open();
      await fold.cache.load([event]);
      try {
        fold.take(event);
        return await book.commit(fold, event.position);
      } catch (failure) {
        if (isEngineError(failure)) throw failure;
        error = failure;
        book.forget();
      }
    }
    this.parts.report(faultOf(event, error));
    const fold = await book.open();
    const { partitionKey: accountId, position, recordedAt: since } = event;
    const row = { parkedAt: position, from: position, since, error: reasonOf(error) };
    if (accountId !== '*') fold.park(accountId, row);
    await book.commit(fold, position);
  }

  private async carryOut(order: ConsumerOrder): Promise<void> {
    const { book, parts } = this;
    const tell = (report: ConsumerReport): void => parts.report(report);
    switch (order.kind) {
      case 'sent': {
        const fold = await book.open();
        fold.outbox.sent(order.keys);
        return book.commit(fold);
      }
      case 'retry':
        return drain(book, order.accountId, tell);
      case 'rebuild':
        return rebuild(book, order.accountId);
      case 'inject':
        return inject(book, order.event, tell);
      default:
        return unknownOrder(order);
    }
  }

  /** Waits for an order, until something is to be written, and unless stopped for an event after that. */
  private async idle(stop: AbortSignal, after: Position | null | 'stopped'): Promise<void> {
    const { book } = this;
    const waitMs = book.hasPending ? Math.max(1, Math.min(idleMs, book.dueInMs)) : idleMs;
    book.tell();
    this.waiting = new AbortController();
    const { signal } = this.waiting;
    // What came before there was something to abort.
    if (stop.aborted || this.orders.length > 0) return;
    if (after === 'stopped') await pause(waitMs, signal);
    else await this.parts.feed.wait(after, waitMs, signal);
  }

  private async recover(error: unknown, signal: AbortSignal): Promise<void> {
    this.book.forget();
    if (isEngineError(error, 'checkpoint_moved')) return;
    const retryInMs = this.retryMs;
    this.retryMs = Math.min(retryInMs * 2, lastRetryMs);
    this.parts.report({ kind: 'waiting', reason: reasonOf(error), retryInMs });
    await pause(retryInMs, signal);
  }
}

function unknownOrder(order: never): never {
  throw new Error(`unknown order ${(order as { kind: string }).kind}`);
}
