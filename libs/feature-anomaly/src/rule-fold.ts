// One batch of events taken into the rules' states, with the rows that are to be written for it.
import { crowdNotes, observe, observeAll } from '@sallyport/core-anomaly';
import type { CountryPlaces, CrowdNote, Observation, RuleContext } from '@sallyport/core-anomaly';
import type { JsonObject, Position, RecordedEvent, ViewCommit, ViewStore } from '@sallyport/engine';
import { comparePositions } from '@sallyport/engine';
import { digestOf, shortDigest } from './digests.js';
import { RuleOutbox } from './rule-outbox.js';
import { crowdsOwner, latestFindings, outboxOwner, ruleViews, statusKey } from './rule-rows.js';
import type { FindingRow, NoteRow, OutboxItem, ParkedRow, StatusRow } from './rule-rows.js';
import { ruleSetOf } from './rules-stream.js';
import { StateCache } from './state-cache.js';

export interface Kept {
  readonly status: StatusRow;
  readonly parked: ReadonlyMap<string, ParkedRow>;
}

export interface FoldParts {
  readonly views: Pick<ViewStore, 'load'>;
  readonly countryPlaces: CountryPlaces;
  /** Of events that came by a bus: their partition, and in which one a network or key is judged. */
  readonly onBus?: { readonly partition: number; crowdPartition(key: string): number };
}

export class RuleFold {
  readonly cache: StateCache;
  readonly parked: Map<string, ParkedRow>;
  /** Of the batch in hand. */
  readonly outbox: RuleOutbox;
  private status: StatusRow;
  private context: RuleContext;
  private rows: ViewCommit['changes'][number][] = [];
  private statusChanged = false;

  constructor(
    private readonly parts: FoldParts,
    kept: Kept,
  ) {
    const { onBus, views } = parts;
    this.cache = new StateCache(views, { withCrowds: onBus === undefined });
    this.outbox = new RuleOutbox(onBus === undefined ? 'outbox' : outboxOwner(onBus.partition));
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
    return this.outbox.hasItems || this.rows.length > 0;
  }

  /** Takes an event in. Throws what the rules throw; then the states in memory are not to be trusted. */
  take(event: RecordedEvent, { draining = false } = {}): void {
    if (event.partitionKey === '*') this.takeSystem(event);
    if (!draining && this.parked.has(event.partitionKey)) return;
    if (event.type === 'anomaly.detected') this.noteFinding(event);
    if (this.parts.onBus === undefined) this.say(observeAll(this.cache, event, this.context), event);
    else if (event.partitionKey !== '*') this.takeApart(event, this.parts.onBus);
  }

  /** Its account is judged here; what it says of a network or key goes to where that one is judged. */
  private takeApart(event: RecordedEvent, { crowdPartition }: NonNullable<FoldParts['onBus']>): void {
    const observed = { ...event, digest: digestOf(event) };
    const account = this.cache.account(event.partitionKey);
    this.say(observe(account, observed, this.context), observed);
    const starts = crowdNotes(account, observed, this.context).filter(isStart);
    for (const [index, note] of starts.entries()) {
      const { id, stream, revision, position, digest } = observed;
      const body: NoteRow = { note, trigger: { id, stream, revision, position, digest } };
      const key = `${position.padStart(20, '0')}-${index}`;
      this.put(ruleViews.note, key, { owner: crowdsOwner(crowdPartition(note.key)), body });
    }
  }

  /** Takes an event into its account's state alone; nothing comes of it. */
  takeSilently(event: RecordedEvent): void {
    observe(this.cache.account(event.partitionKey), event, this.context);
  }

  park(accountId: string, row: ParkedRow): void {
    const isNew = !this.parked.has(accountId);
    this.parked.set(accountId, row);
    this.put(ruleViews.parked, accountId, { owner: 'parked', body: row });
    if (isNew) this.outbox.send({ kind: 'parked', accountId, parkedAt: row.parkedAt }, row.from);
  }

  unpark(accountId: string, at: Position): void {
    const row = this.parked.get(accountId);
    if (row === undefined) return;
    this.parked.delete(accountId);
    this.rows.push({ view: ruleViews.parked, key: accountId, row: null });
    this.outbox.send({ kind: 'drained', accountId, parkedAt: row.parkedAt }, at);
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
    const { onBus } = this.parts;
    const key = onBus === undefined ? 'status' : statusKey(onBus.partition);
    const row = { key, owner: 'status', body: this.status as unknown as JsonObject };
    const status = this.statusChanged ? [{ view: ruleViews.status, key, row }] : [];
    return [...this.cache.changes(), ...this.rows, ...this.outbox.changes(), ...status];
  }

  /** The batch is written: answers what is to be sent of it. */
  settle(): readonly OutboxItem[] {
    this.cache.settle();
    this.rows = [];
    this.statusChanged = false;
    return this.outbox.settle();
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
    const { countryPlaces } = this.parts;
    return { set: ruleSetOf(config), countryPlaces, digest: shortDigest };
  }

  private say(said: Observation, event: RecordedEvent & { readonly digest?: string }): void {
    if (said.findings.length + said.decisions.length === 0) return;
    const { silentUntil } = this.status;
    if (silentUntil !== undefined && comparePositions(event.position, silentUntil) <= 0) return;
    const { id, stream, revision, position, digest = digestOf(event) } = event;
    this.outbox.say(said, { id, stream, revision, position, digest });
  }

  private noteFinding(event: RecordedEvent): void {
    const { findingId, rule, mode, severity } = event.data as unknown as FindingRow;
    const { partitionKey: accountId, recordedAt: at, position } = event;
    const body: FindingRow = { findingId, accountId, at, rule, mode, severity, position };
    const { onBus } = this.parts;
    const ring = onBus === undefined ? '' : `${onBus.partition}-`;
    const place = `${ring}${String(this.status.findings % latestFindings).padStart(4, '0')}`;
    this.put(ruleViews.finding, place, { owner: 'latest', body });
    this.setStatus({ findings: this.status.findings + 1 });
  }

  private put(view: string, key: string, of: { readonly owner: string; readonly body: object }): void {
    this.rows.push({ view, key, row: { key, owner: of.owner, body: of.body as JsonObject } });
  }
}

function isStart({ kind }: CrowdNote): boolean {
  return kind !== 'network-failures';
}
