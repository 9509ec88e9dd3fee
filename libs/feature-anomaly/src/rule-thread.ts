// Keeps the thread that runs the rules alive, knows from its reports where it is, and sends what it decides.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Feed } from '@sallyport/engine';
import type { Actor, JsonObject, Position } from '@sallyport/engine';
import type { ConsumerOrder, ConsumerReport, ConsumerStatus } from './consumer-messages.js';
import { DecisionSender } from './decision-sender.js';
import { Enforcement } from './enforcement.js';
import { AnomalyMetrics } from './metrics.js';
import { RuleActivation } from './rule-activation.js';
import { rulesProjection, ruleViews } from './rule-rows.js';
import { RuleTables } from './rule-tables.js';
import { RulesAtWork } from './rules-at-work.js';
import type { RulesState } from './rules-at-work.js';

/** What the thread understands besides the consumer's orders: end when the batch in hand is committed. */
export type RuleThreadOrder = ConsumerOrder | { readonly kind: 'stop' };

/** Provided by the app: starts a thread that runs a `RuleConsumer` and passes its messages on. */
export abstract class RuleThreadSpawner {
  /** `historyUntil`: where the store stood before the service answered anybody. */
  abstract spawn(historyUntil: Position): Pick<Worker, 'on' | 'once' | 'postMessage' | 'terminate'>;
}

/** Waits before the restarts after a first, second, ... death in a row. */
const restartDelaysMs = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000];
const stopWithinMs = 5_000;

@Injectable()
export class RuleThread extends RulesAtWork implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('rules');
  private readonly stopping = new AbortController();
  private readonly sending = new Set<Promise<void>>();
  private thread: ReturnType<RuleThreadSpawner['spawn']> | undefined;
  private ended: Promise<void> = Promise.resolve();
  private deaths = 0;
  private at: Position | null = null;
  private statusNow: ConsumerStatus | undefined;
  private historyUntil: Position = '0';

  constructor(
    private readonly feed: Feed,
    private readonly spawner: RuleThreadSpawner,
    private readonly sender: DecisionSender,
    private readonly enforcement: Enforcement,
    private readonly activation: RuleActivation,
    private readonly metrics: AnomalyMetrics,
    private readonly tables: RuleTables,
  ) {
    super();
  }

  /** Up to where events are judged. */
  get position(): Position | null {
    return this.at;
  }

  /** Undefined until the thread has told. */
  get status(): ConsumerStatus | undefined {
    return this.statusNow;
  }

  state(): Promise<RulesState> {
    const { statusNow: status } = this;
    return Promise.resolve({
      active: status?.ruleSet,
      paused: this.enforcement.paused,
      position: this.at,
      parked: status?.parked ?? 0,
      stopped: status?.stopped ?? false,
    });
  }

  async parked(): Promise<readonly JsonObject[]> {
    const rows = await this.tables.views.list(ruleViews.parked, rulesProjection.generation, 'parked');
    return rows.map(({ key, body }) => ({ accountId: key, ...body }));
  }

  retry(accountId: string): Promise<void> {
    this.order({ kind: 'retry', accountId });
    return Promise.resolve();
  }

  pause(reason: string, actor: Actor): Promise<Position> {
    return this.enforcement.pause(reason, actor);
  }

  resume(reason: string, actor: Actor): Promise<Position> {
    return this.enforcement.resume(reason, actor);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.enforcement.look();
    await this.activation.activate();
    // The thread looks later, when people may have been signed in: that is no history.
    this.historyUntil = (await this.feed.head()) ?? '0';
    this.ended = this.keepAlive();
  }

  /** What is not sent then is sent after the next start. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    const order: RuleThreadOrder = { kind: 'stop' };
    this.thread?.postMessage(order);
    const late = sleep(stopWithinMs, 'late', { ref: false });
    if ((await Promise.race([this.ended, late])) === 'late') await this.thread?.terminate();
    await Promise.race([Promise.all(this.sending), sleep(stopWithinMs, undefined, { ref: false })]);
  }

  /** For the consumer, once it runs; lost when the thread dies before. */
  order(order: ConsumerOrder): void {
    this.thread?.postMessage(order);
  }

  /** Runs thread after thread until told to stop; a death is followed by a growing wait. */
  private async keepAlive(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const reason = await this.runThread();
      if (this.stopping.signal.aborted) return;
      const retryInMs = restartDelaysMs[Math.min(this.deaths, restartDelaysMs.length - 1)] ?? 0;
      this.deaths += 1;
      this.logger.error({ msg: 'the thread that runs the rules died', reason, retryInMs });
      await sleep(retryInMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private runThread(): Promise<string> {
    return new Promise((resolve) => {
      let reason = 'exited';
      const thread = this.spawner.spawn(this.historyUntil);
      this.thread = thread;
      thread.on('message', (report: ConsumerReport) => this.receive(report));
      thread.on('error', (error: unknown) => {
        reason = error instanceof Error ? error.message : 'failed';
      });
      thread.once('exit', () => {
        this.thread = undefined;
        resolve(reason);
      });
    });
  }

  private receive(report: ConsumerReport): void {
    switch (report.kind) {
      case 'progress':
        this.deaths = 0;
        this.at = report.position;
        return;
      case 'status':
        return this.follow(report);
      case 'outbox':
        return this.send(report.items);
      case 'waiting':
        this.logger.warn({ msg: 'the rules wait for their stores', ...report });
        return;
      case 'fault':
        this.metrics.faults.inc();
        this.logger.error({ msg: 'an event could not be judged', ...report });
        return;
      default:
        return unknownReport(report);
    }
  }

  private follow(status: ConsumerStatus): void {
    const { metrics, enforcement } = this;
    // What the store says counts; it is asked before each decision.
    if (status.paused !== this.statusNow?.paused) void enforcement.look().catch(() => undefined);
    this.statusNow = status;
    metrics.parked.set(status.parked);
    metrics.stopped.set(status.stopped ? 1 : 0);
  }

  private send(items: Extract<ConsumerReport, { kind: 'outbox' }>['items']): void {
    const replies = {
      sent: (keys: readonly string[]) => this.order({ kind: 'sent', keys }),
      rebuild: (accountId: string) => this.order({ kind: 'rebuild', accountId }),
    };
    const sent = this.sender.send(items, replies, this.stopping.signal);
    this.sending.add(sent);
    void sent.finally(() => this.sending.delete(sent));
  }
}

function unknownReport(report: never): never {
  throw new Error(`unknown report ${(report as { kind: string }).kind}`);
}
