// What the rules remember of one account: flat, bounded, JSON-safe. Times are milliseconds since the epoch.
import type { EventPlace, RuleAction } from '@sallyport/core-session';
import type { RuleName } from './rule-table.js';

/** A stretch of time in which one session was used from one place, and no other in between. */
export interface Sighting {
  fromMs: number;
  toMs: number;
  readonly country: string;
  readonly lat: number;
  readonly lon: number;
  readonly radiusKm: number;
  readonly session: string;
  /** The device's id, or for a bearer session `session:` and its id. */
  readonly device: string;
  /** The first and the last use that are known of it, and when they were: of a stretch that a late use broke
   * in two only the outer ends are, and of one broken again perhaps none (see `isHollow`). */
  firstAt: EventPlace;
  firstMs: number;
  lastAt: EventPlace;
  lastMs: number;
}

/** One use of the account; `device` as in `Sighting`. */
export interface Use {
  readonly session: string;
  readonly device: string;
  readonly at: EventPlace;
}

/** A country or a kind of network the account was seen in. */
export interface Seen {
  readonly value: string;
  firstMs: number;
  lastMs: number;
  /** The use at `firstMs`. */
  first: Use;
  /** The rule has spoken of it. */
  told: boolean;
  /** Its person authenticated strongly there, or an operator said that it is harmless. */
  confirmed: boolean;
}

export interface SeenDevice {
  readonly device: string;
  firstMs: number;
  lastMs: number;
}

/** A session: its refreshes in order of time, the latest ones. */
export interface SeenSession {
  readonly session: string;
  readonly device: string;
  startedMs: number;
  lastMs: number;
  /** Where it was last used from. */
  country: string;
  refreshesMs: number[];
}

/** `count` things that happened at about `ms`. */
export interface Burst {
  readonly ms: number;
  readonly count: number;
  readonly at: EventPlace;
}

/** A finding that can be part of a combination. */
export interface RecentFinding {
  readonly id: string;
  readonly rule: RuleName;
  /** What it asks for alone. */
  readonly action: RuleAction;
  readonly atMs: number;
  /** Of its trigger. */
  readonly position: string;
  readonly enforce: boolean;
  readonly softened: boolean;
  /** Empty where there is none; `device` as in `Sighting`. */
  readonly session: string;
  readonly device: string;
  readonly country: string;
}

/** When a rule last spoke of something, so that it does not repeat itself. */
export interface Told {
  readonly rule: RuleName;
  readonly about: string;
  readonly ms: number;
}

/** A decision in force, as far as the rules know. `session` is empty for the whole account. */
export interface OpenDecision {
  /** Of the decision, and so of the ledger's hold. */
  readonly id: string;
  readonly rule: RuleName;
  readonly action: RuleAction;
  readonly session: string;
  readonly atMs: number;
}

/** A journey that was announced (`account.travel-notice-filed`). */
export interface Journey {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly filedMs: number;
  readonly countries: readonly string[];
  readonly session: string;
}

/** A device its person vouches for, and the session that said so. */
export interface Trusted {
  readonly device: string;
  readonly session: string;
}

export interface AnomalyState {
  readonly v: 1;
  readonly accountId: string;
  /** Position of the last event observed; empty before the first. */
  position: string;
  /** The first use of the account, Infinity-free: 0 before any. */
  firstUseMs: number;
  sightings: Sighting[];
  countries: Seen[];
  kinds: Seen[];
  devices: SeenDevice[];
  sessions: SeenSession[];
  retriesMs: number[];
  failures: Burst[];
  recent: RecentFinding[];
  told: Told[];
  open: OpenDecision[];
  journeys: Journey[];
  trusted: Trusted[];
  /** By rule: a trigger at or below it does nothing. */
  triggers: { [R in RuleName]?: string };
}

/** Entries kept of each list; what goes first is what was seen longest ago. */
export const stateLimits = {
  sightings: 16,
  countries: 16,
  kinds: 6,
  devices: 16,
  sessions: 8,
  failures: 32,
  recent: 24,
  told: 32,
  open: 12,
  journeys: 8,
  trusted: 32,
} as const;

/** The state of an account without events. */
export function emptyAnomalyState(accountId: string): AnomalyState {
  return {
    v: 1,
    accountId,
    position: '',
    firstUseMs: 0,
    sightings: [],
    countries: [],
    kinds: [],
    devices: [],
    sessions: [],
    retriesMs: [],
    failures: [],
    recent: [],
    told: [],
    open: [],
    journeys: [],
    trusted: [],
    triggers: {},
  };
}

/** Appends, and drops the oldest entry at the limit. */
export function push<T>(list: T[], entry: T, limit: number): void {
  if (list.length >= limit) list.splice(0, list.length - limit + 1);
  list.push(entry);
}

/** Drops the entry with the lowest `lastMs` when the list is over its limit. */
export function dropStalest<T extends { readonly lastMs: number }>(list: T[], limit: number): void {
  if (list.length <= limit) return;
  let stalest = 0;
  for (let n = 1; n < list.length; n += 1) {
    if ((list[n] as T).lastMs < (list[stalest] as T).lastMs) stalest = n;
  }
  list.splice(stalest, 1);
}

/** Puts a time into its place in an ascending list and keeps the latest `limit`; where it stands, or -1. */
export function insertTime(times: number[], ms: number, limit: number): number {
  let at = times.length;
  while (at > 0 && (times[at - 1] as number) > ms) at -= 1;
  if (at === times.length) times.push(ms);
  else times.splice(at, 0, ms);
  if (times.length <= limit) return at;
  times.shift();
  return at - 1;
}
