// The rules' states in memory: loaded for a batch, changed in place, written back together, bounded.
import { emptyAnomalyState, emptyCrowdState, stateKeysOf } from '@sallyport/core-anomaly';
import type { AnomalyState, CrowdState, RuleStates } from '@sallyport/core-anomaly';
import type { JsonObject, RecordedEvent, ViewCommit, ViewStore } from '@sallyport/engine';
import { rulesProjection, ruleViews } from './rule-rows.js';
import type { AccountRow, CrowdRow } from './rule-rows.js';

const { generation } = rulesProjection;
const dayMs = 86_400_000;

export interface CacheOptions {
  /** States kept beyond a batch. */
  readonly accounts?: number;
  readonly crowds?: number;
  /** Where networks and keys are judged elsewhere: no. */
  readonly withCrowds?: boolean;
  /** Begins the owners of crowds' rows: what is swept together. */
  readonly crowdsOf?: string;
}

/** States of one kind: all that a batch needs, and those used lately. */
class Shelf<S extends object> {
  readonly states = new Map<string, S>();
  readonly changed = new Set<string>();

  constructor(
    private readonly view: string,
    private readonly empty: (key: string) => S,
    private readonly limit: number,
  ) {}

  async load(views: Pick<ViewStore, 'load'>, keys: ReadonlySet<string>): Promise<void> {
    const missing = [...keys].filter((key) => !this.states.has(key));
    if (missing.length === 0) return;
    const rows = await views.load(this.view, generation, missing);
    for (const key of missing) {
      const row = rows.get(key)?.body as { readonly state: S } | undefined;
      this.states.set(key, row?.state ?? this.empty(key));
    }
  }

  /** The state, to be changed. Throws for one that was not loaded. */
  take(key: string): S {
    const state = this.states.get(key);
    if (state === undefined) throw new Error(`state ${key} was not loaded`);
    this.changed.add(key);
    return state;
  }

  /** What was changed is written: forgets the least recently changed above the limit. */
  settle(): void {
    for (const key of this.changed) {
      const state = this.states.get(key);
      this.states.delete(key);
      if (state !== undefined) this.states.set(key, state);
    }
    this.changed.clear();
    for (const key of this.states.keys()) {
      if (this.states.size <= this.limit) return;
      this.states.delete(key);
    }
  }

  clear(): void {
    this.states.clear();
    this.changed.clear();
  }
}

export class StateCache implements RuleStates {
  private readonly accounts: Shelf<AnomalyState>;
  private readonly crowds: Shelf<CrowdState>;

  constructor(
    private readonly views: Pick<ViewStore, 'load'>,
    private readonly options: CacheOptions = {},
  ) {
    const { accounts = 10_000, crowds = 20_000 } = options;
    this.accounts = new Shelf(ruleViews.account, emptyAnomalyState, accounts);
    this.crowds = new Shelf(ruleViews.crowd, emptyCrowdState, crowds);
  }

  /** Loads what the events will touch. */
  async load(events: readonly RecordedEvent[]): Promise<void> {
    const accounts = new Set<string>();
    const crowds = new Set<string>();
    for (const event of events) {
      const { account, network, key } = stateKeysOf(event);
      if (account !== undefined) accounts.add(account);
      if (network !== undefined) crowds.add(network);
      if (key !== undefined) crowds.add(key);
    }
    await this.accounts.load(this.views, accounts);
    if (this.options.withCrowds ?? true) await this.loadCrowds(crowds);
  }

  loadCrowds(keys: ReadonlySet<string>): Promise<void> {
    return this.crowds.load(this.views, keys);
  }

  account(accountId: string): AnomalyState {
    return this.accounts.take(accountId);
  }

  crowd(key: string): CrowdState {
    return this.crowds.take(key);
  }

  /** Puts an empty state in the place of the account's. */
  reset(accountId: string): AnomalyState {
    const state = emptyAnomalyState(accountId);
    this.accounts.states.set(accountId, state);
    this.accounts.changed.add(accountId);
    return state;
  }

  /** The rows to write. */
  changes(): ViewCommit['changes'] {
    const { account: accountView, crowd: crowdView } = ruleViews;
    const accounts = [...this.accounts.changed].map((key) => {
      const body: AccountRow = { state: this.accounts.take(key) };
      return rowOf(accountView, key, { owner: key, body });
    });
    const crowds = [...this.crowds.changed].map((key) => {
      const state = this.crowds.take(key);
      const body: CrowdRow = { state };
      const owner = crowdOwner(lastDayOf(state), this.options.crowdsOf);
      return rowOf(crowdView, key, { owner, body });
    });
    return [...accounts, ...crowds];
  }

  settle(): void {
    this.accounts.settle();
    this.crowds.settle();
  }

  /** Forgets everything: what is stored counts. */
  clear(): void {
    this.accounts.clear();
    this.crowds.clear();
  }

  /** Forgets crowds whose rows are deleted. */
  dropCrowds(keys: readonly string[]): void {
    for (const key of keys) this.crowds.states.delete(key);
  }
}

/** Crowds are found by the day they were last seen. */
export function crowdOwner(day: number, crowdsOf = ''): string {
  return `${crowdsOf}day-${day}`;
}

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

function lastDayOf({ starts, failures }: CrowdState): number {
  return dayOf(Math.max(0, ...starts.map(({ ms }) => ms), ...failures.map(({ ms }) => ms)));
}

function rowOf(
  view: string,
  key: string,
  { owner, body }: { readonly owner: string; readonly body: object },
): ViewCommit['changes'][number] {
  return { view, key, row: { key, owner, body: body as JsonObject } };
}
