// What is to be sent of the batch in hand, as rows: one item for each account that an event led to something
// on.
import type { Observation } from '@sallyport/core-anomaly';
import type { JsonObject, Position, ViewCommit } from '@sallyport/engine';
import { ruleViews } from './rule-rows.js';
import type { OutboxItem, Trigger } from './rule-rows.js';

type Unkeyed<T> = T extends unknown ? Omit<T, 'key'> : never;
type Change = ViewCommit['changes'][number];

export class RuleOutbox {
  private items: OutboxItem[] = [];
  private readonly gone = new Set<string>();
  /** Of those, what `changes` told last. */
  private going: readonly string[] = [];

  constructor(
    /** What its rows are listed by. */
    readonly owner = 'outbox',
    /** Keeps keys apart where two send of one event. */
    private readonly mark = '',
  ) {}

  get hasItems(): boolean {
    return this.items.length > 0;
  }

  get hasChanges(): boolean {
    return this.items.length + this.gone.size > 0;
  }

  say({ findings, decisions }: Observation, trigger: Trigger): void {
    const accounts = new Set([...findings, ...decisions].map(({ accountId }) => accountId));
    for (const accountId of accounts) {
      const own = <T extends { readonly accountId: string }>(all: readonly T[]): T[] =>
        all.filter((one) => one.accountId === accountId);
      const said = { findings: own(findings), decisions: own(decisions) };
      this.send({ kind: 'said', accountId, trigger, ...said }, trigger.position);
    }
  }

  send(item: Unkeyed<OutboxItem>, at: Position): void {
    const place = `${at.padStart(20, '0')}-${String(this.items.length).padStart(6, '0')}`;
    this.items.push({ ...item, key: `${place}-${item.kind}${this.mark}` } as OutboxItem);
  }

  /** Takes items out that were sent. */
  sent(keys: readonly string[]): void {
    for (const key of keys) this.gone.add(key);
  }

  /** The rows to write. */
  changes(): Change[] {
    const { outbox: view } = ruleViews;
    const rows = this.items.map((item): Change => {
      const body = item as unknown as JsonObject;
      return { view, key: item.key, row: { key: item.key, owner: this.owner, body } };
    });
    this.going = [...this.gone];
    return [...rows, ...this.going.map((key): Change => ({ view, key, row: null }))];
  }

  /** The rows are written: answers what is to be sent. */
  settle(): readonly OutboxItem[] {
    const { items } = this;
    this.items = [];
    // More may have been sent while the rows were written.
    for (const key of this.going) this.gone.delete(key);
    return items;
  }
}
