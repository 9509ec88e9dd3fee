// One batch of events taken into the rules' states, with the rows that are to be written for it.
import { observe, observeAll } from '@sallyport/core-anomaly';
import type { CountryPlaces, Observation, RuleContext } from '@sallyport/core-anomaly';
import type { JsonObject, Position, RecordedEvent, ViewCommit, ViewStore } from '@sallyport/engine';
import { comparePositions } from '@sallyport/engine';
import { digestOf, shortDigest } from './digests.js';
import { ruleViews } from './rule-rows.js';
import type { FindingRow, OutboxItem, ParkedRow, StatusRow } from './rule-rows.js';
import { ruleSetOf } from './rules-stream.js';
import { StateCache } from './state-cache.js';

/** Findings kept for whoever asks for the latest. */
export const latestFindings = 500;

export interface Kept {
  readonly status: StatusRow;
  readonly parked: ReadonlyMap<string, ParkedRow>;
}

export class RuleFold {
  readonly cache: StateCache;
  readonly parked: Map<string, ParkedRow>;
  /** Of the batch in hand. */
  outbox: OutboxItem[] = [];
  private status: StatusRow;
  private context: RuleContext;
  private rows: ViewCommit['changes'][number][] = [];
  private statusChanged = false;

  constructor(
    views: ViewStore,
    kept: Kept,
    private readonly countryPlaces: CountryPlaces,
  ) {
    this.cache = new StateCache(views);
    this.parked = new Map(kept.parked);
    this.status = kept.status;
    this.context = this.contextOf(kept.status.ruleSet?.config);
  }

  get currentStatus(): StatusRow {
    return this.status;
  }

  get ruleSet(): RuleContext['set'] {
    return this.context.set;
  }

  /** There is something to be sent or looked up: it is not kept back. */
  get isUrgent(): boolean {
    return this.outbox.length + this.rows.length > 0;
  }

  /** Takes an event in. Throws what the rules throw; then the states in memory are not to be trusted. */
  take(event: RecordedEvent, { draining = false } = {}): void {
    if (event.partitionKey === '*') this.takeSystem(event);
    if (!draining && this.parked.has(event.partitionKey)) return;
    if (event.type === 'anomaly.detected') this.noteFinding(event);
    this.say(observeAll(this.cache, event, this.context), event);
  }

  /** Takes an event into its account's state alone; nothing comes of it. */
  takeSilently(event: RecordedEvent): void {
    observe(this.cache.account(event.partitionKey), event, this.context);
  }

  park(accountId: string, row: ParkedRow): void {
    const isNew = !this.parked.has(accountId);
    this.parked.set(accountId, row);
    this.put(ruleViews.parked, accountId, { owner: 'parked', body: row });
    if (isNew) this.send({ kind: 'parked', accountId, parkedAt: row.parkedAt }, row.from);
  }

  unpark(accountId: string, at: Position): void {
    const row = this.parked.get(accountId);
    if (row === undefined) return;
    this.parked.delete(accountId);
    this.rows.push({ view: ruleViews.parked, key: accountId, row: null });
    this.send({ kind: 'drained', accountId, parkedAt: row.parkedAt }, at);
  }

  /** Takes items out of the outbox that were sent. */
  sent(keys: readonly string[]): void {
    this.rows.push(...keys.map((key) => ({ view: ruleViews.outbox, key, row: null })));
  }

  dropCrowds(keys: readonly string[], sweptDay: number): void {
    this.cache.dropCrowds(keys);
    this.rows.push(...keys.map((key) => ({ view: ruleViews.crowd, key, row: null })));
    this.setStatus({ sweptDay });
  }

  setStatus(change: Partial<StatusRow>): void {
    this.status = { ...this.status, ...change };
    this.statusChanged = true;
  }

  /** The rows to write with the batch. */
  changes(): ViewCommit['changes'] {
    for (const item of this.outbox) this.put(ruleViews.outbox, item.key, { owner: 'outbox', body: item });
    if (this.statusChanged) this.put(ruleViews.status, 'status', { owner: 'status', body: this.status });
    return [...this.cache.changes(), ...this.rows];
  }

  /** The batch is written: answers what is to be sent of it. */
  settle(): readonly OutboxItem[] {
    const { outbox } = this;
    this.cache.settle();
    this.outbox = [];
    this.rows = [];
    this.statusChanged = false;
    return outbox;
  }

  private takeSystem(event: RecordedEvent): void {
    if (event.type === 'rules.enforcement-paused') this.setStatus({ paused: true });
    if (event.type === 'rules.enforcement-resumed') this.setStatus({ paused: false });
    if (event.type !== 'rules.activated') return;
    const { hash, config } = event.data as { hash: string; config: string };
    this.setStatus({ ruleSet: { hash, config, activatedAt: event.recordedAt } });
    this.context = this.contextOf(config);
  }

  private contextOf(config: string | undefined): RuleContext {
    return { set: ruleSetOf(config), countryPlaces: this.countryPlaces, digest: shortDigest };
  }

  private say({ findings, decisions }: Observation, event: RecordedEvent): void {
    if (findings.length + decisions.length === 0) return;
    const { silentUntil } = this.status;
    if (silentUntil !== undefined && comparePositions(event.position, silentUntil) <= 0) return;
    const { id, stream, revision, position } = event;
    const trigger = { id, stream, revision, position, digest: digestOf(event) };
    const accounts = new Set([...findings, ...decisions].map(({ accountId }) => accountId));
    for (const accountId of accounts) {
      const own = <T extends { readonly accountId: string }>(all: readonly T[]): T[] =>
        all.filter((one) => one.accountId === accountId);
      const said = { findings: own(findings), decisions: own(decisions) };
      this.send({ kind: 'said', accountId, trigger, ...said }, position);
    }
  }

  private send(item: Unkeyed<OutboxItem>, at: Position): void {
    const key = `${at.padStart(20, '0')}-${String(this.outbox.length).padStart(6, '0')}-${item.kind}`;
    this.outbox.push({ ...item, key } as OutboxItem);
  }

  private noteFinding(event: RecordedEvent): void {
    const { findingId, rule, mode, severity } = event.data as unknown as FindingRow;
    const { partitionKey: accountId, recordedAt: at, position } = event;
    const body: FindingRow = { findingId, accountId, at, rule, mode, severity, position };
    const place = String(this.status.findings % latestFindings).padStart(4, '0');
    this.put(ruleViews.finding, place, { owner: 'latest', body });
    this.setStatus({ findings: this.status.findings + 1 });
  }

  private put(view: string, key: string, of: { readonly owner: string; readonly body: object }): void {
    this.rows.push({ view, key, row: { key, owner: of.owner, body: of.body as JsonObject } });
  }
}

type Unkeyed<T> = T extends unknown ? Omit<T, 'key'> : never;
