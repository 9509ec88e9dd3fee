// What one partition of the topic holds, folded from its records; kept as text, which is small.
import { readStandingKey, standingKey, standingVersion } from '@sallyport/core-views';
import type { StandingAccount, StandingFeed, StandingKind, StandingSession } from '@sallyport/core-views';
import type { JsonObject, ReceivedRecord, ViewRow } from '@sallyport/engine';
import { isAside } from './aside-rows.js';

interface Kept {
  readonly text: string;
  /** From then on it can change no verdict, milliseconds; Infinity while it can. */
  readonly overMs: number;
}

type Row = ViewRow & { readonly body: JsonObject };

export class PartitionRows {
  feed: StandingFeed | undefined;
  private readonly kept = new Map<string, Kept>();
  /** By kind and id, of accounts that are set aside: few. */
  private readonly aside = new Map<string, Row>();
  private sweep: Iterator<[string, Kept]> | undefined;

  /** A record read back from the topic. Throws for one of a version that only a newer writer knows. */
  take({ key, value }: Pick<ReceivedRecord, 'key' | 'value'>): void {
    const named = readStandingKey(key);
    const body = value === null ? null : (JSON.parse(value) as JsonObject);
    if (named === undefined || (body !== null && body['v'] !== standingVersion)) {
      throw new Error('the topic was written by a newer version');
    }
    if (named.kind === 'feed') this.feed = body as unknown as StandingFeed;
    else this.put(named.kind, named.id, body);
  }

  /** `null` removes. */
  put(kind: StandingKind, id: string, body: JsonObject | null): void {
    const key = standingKey(kind, id);
    if (body === null) {
      this.kept.delete(key);
      this.aside.delete(key);
    } else if (isAside(kind)) {
      const { v: _version, owner, ...row } = body;
      this.aside.set(key, { key: id, owner: String(owner), body: row });
    } else {
      this.kept.set(key, { text: JSON.stringify(body), overMs: overMs(kind, body) });
    }
  }

  /** The row as the projection's fold takes it. */
  row(kind: string, id: string): ViewRow | undefined {
    const kept = this.kept.get(standingKey(kind as StandingKind, id));
    return kept === undefined ? undefined : { key: id, owner: id, body: JSON.parse(kept.text) as JsonObject };
  }

  /** What is set aside, of that owner, in order of key. */
  asideOf(kind: StandingKind, owner: string): Row[] {
    const all = [...this.aside].filter(([key, row]) => key.startsWith(`${kind}:`) && row.owner === owner);
    return all.map(([, row]) => row).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /**
   * Keys of what has been over since `beforeMs`; looks at `limit` rows at most, and at the next ones when
   * called again.
   */
  over(beforeMs: number, limit: number): string[] {
    const found: string[] = [];
    this.sweep ??= this.kept.entries();
    for (let left = limit; left > 0; left -= 1) {
      const next = this.sweep.next();
      if (next.done === true) {
        this.sweep = undefined;
        return found;
      }
      const [key, { overMs: over }] = next.value;
      if (over < beforeMs) found.push(key);
    }
    return found;
  }

  /** After its tombstone. */
  remove(keys: readonly string[]): void {
    for (const key of keys) this.kept.delete(key);
  }
}

function overMs(kind: StandingKind, body: JsonObject): number {
  if (kind === 'session') {
    const { state, endedAt } = body as unknown as StandingSession;
    if (endedAt !== undefined) return Date.parse(endedAt);
    return Math.min(Date.parse(state.idleExpiresAt), Date.parse(state.expiresAt));
  }
  if (kind !== 'account') return Number.POSITIVE_INFINITY;
  // A session without an account is closed, as is one of an account that says so.
  const { state, at } = body as unknown as StandingAccount;
  const isGone = state.status === 'erased' || state.status === 'closed';
  return isGone ? Date.parse(at) : Number.POSITIVE_INFINITY;
}
