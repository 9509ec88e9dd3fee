// Keeps the thread that writes the views alive, and knows from its reports how far it is.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { comparePositions } from '@sallyport/engine';
import type { Feed, Position, ProjectionProgress } from '@sallyport/engine';
import { ViewProgress } from './view-progress.js';
import type { ViewLag } from './view-progress.js';

/** What the thread posts. */
export type ViewWorkerReport =
  | ({ readonly kind: 'progress' } & ProjectionProgress)
  | { readonly kind: 'waiting'; readonly reason: string; readonly retryInMs: number };

/** What the thread understands: end when the batch in hand is committed. */
export type ViewWorkerOrder = { readonly kind: 'stop' };

/** The part of `node:worker_threads` that is used here. */
export type ViewThread = Pick<Worker, 'on' | 'once' | 'postMessage' | 'terminate'>;

export interface ViewWorkerParts {
  /** Starts the thread. */
  spawn(): ViewThread;
  /** The store's feed as this thread reads it: how far the views could be. */
  readonly feed: Pick<Feed, 'head'>;
  /** Waits before the restarts after a first, second, ... death in a row; by default 100 ms to 10 s. */
  readonly restartDelaysMs?: readonly number[];
}

const defaultDelaysMs = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000];
const stopWithinMs = 5_000;
const maxWaiting = 10_000;

interface Waiting {
  readonly position: Position;
  readonly settle: (shown: boolean) => void;
}

/** Provided by an app as `ViewProgress`. Starts with the application and ends after its last answer. */
export class ViewWorker extends ViewProgress implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('views');
  private readonly waiting = new Set<Waiting>();
  private readonly stopping = new AbortController();
  private thread: ViewThread | undefined;
  private ended: Promise<void> = Promise.resolve();
  private report: { readonly progress: ProjectionProgress; readonly atMs: number } | undefined;
  private deaths = 0;

  constructor(private readonly parts: ViewWorkerParts) {
    super();
  }

  onApplicationBootstrap(): void {
    this.ended = this.keepAlive();
  }

  /** Lets the batch in hand finish; what is not folded then is folded at the next start. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    const order: ViewWorkerOrder = { kind: 'stop' };
    this.thread?.postMessage(order);
    const late = sleep(stopWithinMs, 'late', { ref: false });
    if ((await Promise.race([this.ended, late])) === 'late') await this.thread?.terminate();
    for (const one of this.waiting) one.settle(false);
  }

  position(): Position | null {
    return this.report?.progress.position ?? null;
  }

  waitFor(position: Position, budgetMs: number): Promise<boolean> {
    if (comparePositions(this.position(), position) >= 0) return Promise.resolve(true);
    if (this.waiting.size >= maxWaiting || this.stopping.signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const one: Waiting = {
        position,
        settle: (shown) => {
          clearTimeout(timer);
          this.waiting.delete(one);
          resolve(shown);
        },
      };
      const timer = setTimeout(() => one.settle(false), budgetMs);
      this.waiting.add(one);
    });
  }

  /** Measured on this thread, so that it tells the truth when the other one is dead. */
  async lag(): Promise<ViewLag> {
    const head = await this.parts.feed.head();
    const position = this.position();
    if (head === null || comparePositions(position, head) >= 0) return { events: 0, seconds: 0 };
    const { progress, atMs } = this.report ?? { progress: { lagMs: 0 }, atMs: 0 };
    const events = Number(BigInt(head) - BigInt(position ?? '0'));
    return { events, seconds: (progress.lagMs + performance.now() - atMs) / 1000 };
  }

  /** Runs thread after thread until told to stop; a death is followed by a growing wait. */
  private async keepAlive(): Promise<void> {
    const delays = this.parts.restartDelaysMs ?? defaultDelaysMs;
    while (!this.stopping.signal.aborted) {
      const reason = await this.runThread();
      if (this.stopping.signal.aborted) return;
      const retryInMs = delays[Math.min(this.deaths, delays.length - 1)] ?? 0;
      this.deaths += 1;
      this.logger.error({ msg: 'the thread that writes the views died', reason, retryInMs });
      await sleep(retryInMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** One thread from start to exit; resolves with what is known of its end. */
  private runThread(): Promise<string> {
    return new Promise((resolve) => {
      let reason = 'exited';
      const thread = this.parts.spawn();
      this.thread = thread;
      thread.on('message', (report: ViewWorkerReport) => this.receive(report));
      thread.on('error', (error: unknown) => {
        reason = error instanceof Error ? error.message : 'failed';
      });
      thread.once('exit', () => {
        this.thread = undefined;
        resolve(reason);
      });
    });
  }

  private receive(report: ViewWorkerReport): void {
    if (report.kind === 'waiting') {
      this.logger.warn({ msg: 'the views wait for their stores', ...report });
      return;
    }
    this.deaths = 0;
    this.report = { progress: report, atMs: performance.now() };
    for (const one of this.waiting) {
      if (comparePositions(report.position, one.position) >= 0) one.settle(true);
    }
  }
}
