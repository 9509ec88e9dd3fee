// One partition of the topic as a reader has folded it.
import { everyone, readStandingKey, standingVersion } from '@sallyport/core-views';
import type { StandingAccount, StandingCutoffs, StandingFeed, StandingSession } from '@sallyport/core-views';
import type { BusBatch, ReceivedRecord } from '@sallyport/engine';

/** What is known of a key: a value, or that there is one which this version cannot read. */
export type Known<T> = T | 'unknown_version';

export class PartitionCopy {
  readonly sessions = new Map<string, Known<StandingSession>>();
  readonly accounts = new Map<string, Known<StandingAccount>>();
  cutoffs: Known<StandingCutoffs> | undefined;
  feed: Known<StandingFeed> | undefined;
  /** When the feed's latest word came, by the reader's own clock; milliseconds. */
  heardMs = Number.NEGATIVE_INFINITY;
  /** Keys of the ledger whose records the writer has set aside; `*` concerns all accounts. */
  readonly aside = new Set<string>();
  /** The offset to go on from; null before anything was read. */
  nextOffset: string | null = null;
  private end: bigint | undefined;
  private readonly byAccount = new Map<string, Set<string>>();

  /** Whether it was read to the end that it had when reading began. */
  get isRead(): boolean {
    return this.end !== undefined && this.nextOffset !== null && BigInt(this.nextOffset) >= this.end;
  }

  /** The account's sessions that can be read, by id. */
  sessionsOf(accountId: string): [string, StandingSession][] {
    const ids = [...(this.byAccount.get(accountId) ?? [])];
    return ids.flatMap((id): [string, StandingSession][] => {
      const session = this.sessions.get(id);
      return isKnown(session) ? [[id, session]] : [];
    });
  }

  /** Records that come a second time change nothing. */
  take({ records, nextOffset, lag }: BusBatch, nowMs: number): void {
    this.end ??= BigInt(nextOffset) + BigInt(lag);
    for (const record of records) {
      if (this.nextOffset !== null && BigInt(record.offset) < BigInt(this.nextOffset)) continue;
      this.takeOne(record, nowMs);
    }
    const before = this.nextOffset;
    if (before === null || BigInt(nextOffset) > BigInt(before)) this.nextOffset = nextOffset;
  }

  private takeOne({ key, value }: ReceivedRecord, nowMs: number): void {
    const named = readStandingKey(key);
    // A kind that matters comes with another version of the feed.
    if (named === undefined) return;
    const { kind, id } = named;
    switch (kind) {
      case 'session':
        return this.takeSession(id, readValue(value));
      case 'account':
        return putNewer(this.accounts, id, readValue(value));
      case 'cutoff': {
        const cutoffs = new Map(this.cutoffs === undefined ? [] : [[everyone, this.cutoffs]]);
        putNewer(cutoffs, everyone, readValue<StandingCutoffs>(value));
        this.cutoffs = cutoffs.get(everyone);
        return;
      }
      case 'feed':
        return this.takeFeed(readValue(value), nowMs);
      case 'parked':
        if (value === null) this.aside.delete(id);
        else this.aside.add(id);
        return;
      case 'parked-records':
        return;
      default:
        return unknownKind(kind);
    }
  }

  private takeSession(id: string, session: Known<StandingSession> | null): void {
    const before = this.sessions.get(id);
    putNewer(this.sessions, id, session);
    const accountId = isKnown(session) ? session.state.accountId : undefined;
    const accountBefore = isKnown(before) ? before.state.accountId : undefined;
    if (accountId !== undefined) {
      const ids = this.byAccount.get(accountId) ?? new Set<string>();
      this.byAccount.set(accountId, ids.add(id));
    } else if (accountBefore !== undefined) {
      const ids = this.byAccount.get(accountBefore);
      ids?.delete(id);
      if (ids?.size === 0) this.byAccount.delete(accountBefore);
    }
  }

  private takeFeed(feed: Known<StandingFeed> | null, nowMs: number): void {
    const before = this.feed;
    if (feed === null) return;
    // The word of an owner before the present one.
    if (isKnown(feed) && isKnown(before) && feed.epoch < before.epoch) return;
    this.feed = feed;
    this.heardMs = nowMs;
  }
}

/** Puts the value in place of an older one; a null removes. */
function putNewer<T extends { readonly position: string }>(
  all: Map<string, Known<T>>,
  id: string,
  value: Known<T> | null,
): void {
  if (value === null) {
    all.delete(id);
    return;
  }
  const before = all.get(id);
  const isOlder = isKnown(before) && isKnown(value) && BigInt(value.position) < BigInt(before.position);
  if (!isOlder) all.set(id, value);
}

function readValue<T extends { readonly v: number }>(value: string | null): Known<T> | null {
  if (value === null) return null;
  try {
    const read = JSON.parse(value) as T;
    return read.v === standingVersion ? read : 'unknown_version';
  } catch {
    return 'unknown_version';
  }
}

/** Whether there is a value that this version reads. */
export function isKnown<T extends object>(known: Known<T> | null | undefined): known is T {
  return typeof known === 'object' && known !== null;
}

function unknownKind(kind: never): never {
  throw new Error(`unknown kind ${String(kind)}`);
}
