// Carries out what the rules decided: verified against the store, braked where it is too much, recorded.
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { anomalyDetected, decisionTaken } from '@sallyport/core-anomaly';
import type { Decision, Finding } from '@sallyport/core-anomaly';
import type { DecisionTaken } from '@sallyport/core-session';
import { EventStore, isEngineError } from '@sallyport/engine';
import { Enforcement } from './enforcement.js';
import { isInStore } from './evidence-check.js';
import { AnomalyMetrics } from './metrics.js';
import { RuleOrders } from './rule-orders.js';
import type { OutboxItem } from './rule-rows.js';
import { RulesJournal } from './rules-journal.js';

type Said = Extract<OutboxItem, { kind: 'said' }>;
type Outcome = DecisionTaken['data']['outcome'];

/** What the sender tells the consumer. */
export interface SenderReplies {
  sent(keys: readonly string[]): void;
  /** The account's state rests on events that the store does not have. */
  rebuild(accountId: string): void;
}

const accountsAtOnce = 16;
/** Findings on what the store does not have, remembered for decisions that build on them. */
const untrueFindings = 1_000;
const [firstRetryMs, lastRetryMs] = [50, 5_000];

@Injectable()
export class DecisionSender {
  private readonly logger = new Logger('rules');
  private readonly inHand = new Set<string>();
  /** What is being sent of each account: what comes later waits for it. */
  private readonly lines = new Map<string, Promise<void>>();
  private readonly untrue = new Set<string>();

  constructor(
    private readonly store: EventStore,
    private readonly orders: RuleOrders,
    private readonly journal: RulesJournal,
    private readonly enforcement: Enforcement,
    private readonly metrics: AnomalyMetrics,
  ) {}

  /** In order within an account; resolves when all is sent, or the signal aborts. What comes twice is sent
   * once. Never rejects. */
  async send(items: readonly OutboxItem[], replies: SenderReplies, signal: AbortSignal): Promise<void> {
    const accounts = new Map<string, OutboxItem[]>();
    for (const item of items) {
      if (this.inHand.has(item.key)) continue;
      this.inHand.add(item.key);
      accounts.set(item.accountId, [...(accounts.get(item.accountId) ?? []), item]);
    }
    const waiting = [...accounts.values()];
    const lane = async (): Promise<void> => {
      for (let list = waiting.shift(); list !== undefined; list = waiting.shift()) {
        await this.inLine(list, () => this.sendAll(list, replies, signal));
      }
    };
    await Promise.all(Array.from({ length: accountsAtOnce }, lane));
  }

  /** After all that is to be sent of the account already. */
  private async inLine([first]: readonly OutboxItem[], work: () => Promise<void>): Promise<void> {
    const accountId = first?.accountId ?? '';
    const line = (this.lines.get(accountId) ?? Promise.resolve()).then(work);
    this.lines.set(accountId, line);
    await line;
    if (this.lines.get(accountId) === line) this.lines.delete(accountId);
  }

  private async sendAll(
    items: readonly OutboxItem[],
    replies: SenderReplies,
    signal: AbortSignal,
  ): Promise<void> {
    let retryMs = firstRetryMs;
    for (let at = 0; at < items.length && !signal.aborted;) {
      const item = items[at] as OutboxItem;
      try {
        await this.sendOne(item, replies);
        replies.sent([item.key]);
        this.inHand.delete(item.key);
        at += 1;
      } catch (error) {
        // The store is away, or too much waits: nothing is lost, it is tried until it is done.
        this.logger.warn({ msg: 'a decision waits', accountId: item.accountId, retryInMs: retryMs, error });
        await sleep(retryMs, undefined, { signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      }
    }
    for (const { key } of items) this.inHand.delete(key);
  }

  private async sendOne(item: OutboxItem, replies: SenderReplies): Promise<void> {
    if (item.kind !== 'said') return this.holdOrRelease(item);
    const { key, accountId, trigger, findings } = item;
    const record = `said ${accountId} ${key}`;
    const [isTrue, isSaid] = await Promise.all([
      isInStore(this.store, item),
      this.journal.has(accountId, record),
    ]);
    if (!isTrue) {
      this.remember(findings.map(({ id }) => id));
      this.metrics.unverified.inc();
      this.logger.error({ msg: 'evidence that the store does not have', accountId, trigger });
      replies.rebuild(accountId);
    } else if (!isSaid) {
      // Else it was sent before, perhaps by another process: what became of it then stands.
      await this.carryOut(item, record);
    }
  }

  private async holdOrRelease({ kind, accountId, parkedAt }: Exclude<OutboxItem, Said>): Promise<void> {
    if (kind === 'parked') await this.orders.holdParked(accountId, parkedAt);
    else await this.orders.releaseParked(accountId, parkedAt);
  }

  private async carryOut({ accountId, findings, decisions, trigger }: Said, record: string): Promise<void> {
    const outcomes: [Decision, Outcome][] = [];
    for (const decision of decisions.map((one) => this.without(one, findings))) {
      outcomes.push([decision, await this.outcomeOf(decision)]);
    }
    const events = [
      ...findings.map(anomalyDetected),
      ...outcomes.map(([decision, outcome]) => decisionTaken(decision, outcome)),
    ];
    const actor = { kind: 'rule' as const, id: (findings[0] ?? decisions[0])?.rule };
    const entry = { key: record, actor, correlationId: trigger.id };
    if (events.length > 0) await this.journal.onAccount(accountId, events.slice(0, 255), entry);
    for (const { rule, mode } of findings) this.metrics.findings.inc({ rule, mode });
    for (const [{ action }, outcome] of outcomes) this.metrics.decisions.inc({ action, outcome });
  }

  private remember(findingIds: readonly string[]): void {
    for (const id of findingIds) this.untrue.add(id);
    for (const id of this.untrue) {
      if (this.untrue.size <= untrueFindings) return;
      this.untrue.delete(id);
    }
  }

  /** A combination with an untrue finding does what its true one does alone: a forgery spares nobody. */
  private without(decision: Decision, findings: readonly Finding[]): Decision {
    if (!decision.findingIds.some((id) => this.untrue.has(id))) return decision;
    const own = findings.find(({ id, rule }) => rule === decision.rule && decision.findingIds.includes(id));
    const { combination: _combination, ...alone } = decision;
    const { action = 'flag', sessionId, deviceId } = own ?? {};
    const about = { ...(sessionId && { sessionId }), ...(deviceId && { deviceId }) };
    return { ...alone, ...about, action, findingIds: own === undefined ? [] : [own.id] };
  }

  private async outcomeOf(decision: Decision): Promise<Outcome> {
    if (decision.mode === 'observe') return 'observed';
    if (!(await this.enforcement.allows(decision))) return 'braked';
    try {
      return (await this.orders.carryOut(decision)) ? 'sent' : 'braked';
    } catch (error) {
      if (isEngineError(error)) throw error;
      const { accountId, action, rule } = decision;
      this.logger.error({ msg: 'a decision could not be carried out', accountId, action, rule, error });
      return 'braked';
    }
  }
}
