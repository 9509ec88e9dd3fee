// The rules over accounts as the work of a consumer of the bus: states, what is to be sent and the place in
// the partition are written together, by whichever process has the partition.
import type { CountryPlaces } from '@sallyport/core-anomaly';
import { comparePositions, everyPartition, partitionOf } from '@sallyport/engine';
import type {
  ConsumerWork,
  Feed,
  ParkedKey,
  Position,
  RecordedEvent,
  ViewCommit,
  ViewStore,
} from '@sallyport/engine';
import { RuleFold } from './rule-fold.js';
import { outboxOwner, rulesProjection, ruleViews, statusKey } from './rule-rows.js';
import type { OutboxItem, StatusRow } from './rule-rows.js';

export interface AccountRulesParts {
  readonly views: Pick<ViewStore, 'load' | 'list'>;
  /** Accounts are made anew from it. */
  readonly feed: Pick<Feed, 'read'>;
  readonly countryPlaces: CountryPlaces;
  /** Partitions among which networks and keys are divided. */
  readonly crowdPartitions: number;
  /** What happened up to there is history: nothing that it leads to is sent. */
  readonly historyUntil: Position;
  /** To be sent, in this order within an account; told again after each assignment until it is `sent`. */
  outbox(partition: number, items: readonly OutboxItem[]): void;
}

type Changes = ViewCommit['changes'];

const { name, generation } = rulesProjection;
const pageSize = 1_000;

export class AccountRules implements ConsumerWork {
  readonly name = name;
  readonly generation = generation;
  private readonly folds = new Map<number, RuleFold>();
  private readonly toRebuild = new Map<number, Set<string>>();

  constructor(private readonly parts: AccountRulesParts) {}

  async assigned(partition: number): Promise<void> {
    this.folds.delete(partition);
  }

  async fold(partition: number, events: readonly RecordedEvent[]): Promise<Changes> {
    const fold = await this.open(partition);
    await fold.cache.load(events);
    for (const event of events) fold.take(event);
    return fold.changes();
  }

  committed(partition: number): void {
    const fold = this.folds.get(partition);
    if (fold === undefined) return;
    const items = fold.settle();
    if (items.length > 0) this.parts.outbox(partition, items);
  }

  async due(partition: number, at: Position | null): Promise<Changes> {
    const fold = await this.open(partition);
    const accounts = [...(this.toRebuild.get(partition) ?? [])];
    this.toRebuild.delete(partition);
    if (accounts.length > 0) await this.makeAnew(fold, { accounts, at });
    return fold.outbox.hasChanges || accounts.length > 0 ? fold.changes() : [];
  }

  /** The account's sensitive actions are held until all that happened is judged. */
  async aside({ partition, key: accountId, position }: ParkedKey): Promise<Changes> {
    const fold = await this.open(partition);
    const parkedAt = position ?? '0';
    if (accountId !== everyPartition) fold.outbox.send({ kind: 'parked', accountId, parkedAt }, parkedAt);
    return fold.changes();
  }

  async takenUp({ partition, key: accountId, position }: ParkedKey, at: Position | null): Promise<Changes> {
    const fold = await this.open(partition);
    const parkedAt = position ?? '0';
    if (accountId !== everyPartition) {
      fold.outbox.send({ kind: 'drained', accountId, parkedAt }, at ?? parkedAt);
    }
    return fold.changes();
  }

  /** What was told of the partition's outbox is sent. */
  sent(partition: number, keys: readonly string[]): void {
    this.folds.get(partition)?.outbox.sent(keys);
  }

  /** The account's state rests on events that the store does not have: it is made anew, and nothing is sent
   * for it. */
  rebuild(partition: number, accountId: string): void {
    this.toRebuild.set(partition, (this.toRebuild.get(partition) ?? new Set<string>()).add(accountId));
  }

  /** As it is in memory, or as it is stored. */
  private async open(partition: number): Promise<RuleFold> {
    const known = this.folds.get(partition);
    if (known !== undefined) return known;
    const { views, countryPlaces, historyUntil, crowdPartitions } = this.parts;
    const key = statusKey(partition);
    const row = (await views.load(ruleViews.status, generation, [key])).get(key)?.body;
    const status = row as unknown as StatusRow | undefined;
    const atFirst: StatusRow = { paused: false, findings: 0, silentUntil: historyUntil };
    const crowdPartition = (crowd: string): number => partitionOfCrowd(crowd, crowdPartitions);
    const onBus = { partition, crowdPartition };
    const kept = { status: status ?? atFirst, parked: new Map<string, never>() };
    const fold = new RuleFold({ views, countryPlaces, onBus }, kept);
    const pending = await views.list(ruleViews.outbox, generation, outboxOwner(partition));
    this.folds.set(partition, fold);
    const items = pending.map(({ body }) => body as unknown as OutboxItem);
    if (items.length > 0) this.parts.outbox(partition, items);
    return fold;
  }

  /** From the store's events up to the last that was handled here. */
  private async makeAnew(
    fold: RuleFold,
    { accounts, at }: { readonly accounts: readonly string[]; readonly at: Position | null },
  ): Promise<void> {
    for (const accountId of accounts) fold.cache.reset(accountId);
    let after: Position | null = null;
    for (;;) {
      const events: readonly RecordedEvent[] = await this.parts.feed.read(after, pageSize);
      for (const event of events) {
        if (comparePositions(event.position, at) > 0) return;
        if (accounts.includes(event.partitionKey)) fold.takeSilently(event);
        after = event.position;
      }
      if (events.length === 0) return;
    }
  }
}

/** The partition that judges a network or a key: of a network the one that its records are in. */
export function partitionOfCrowd(crowd: string, partitions: number): number {
  return partitionOf(crowd.slice(crowd.indexOf(':') + 1), partitions);
}
