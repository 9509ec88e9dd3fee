// A copy of the standings, folded from the records of the compacted topic: who may act, without asking us. It
// answers no while it cannot know.
import { holdsOn, noCutoffs, sessionStanding, shownHold } from '@sallyport/core-session';
import { everyone } from '@sallyport/core-views';
import type { StandingFeed, StandingSession } from '@sallyport/core-views';
import type { BusBatch, Clock } from '@sallyport/engine';
import { isKnown, PartitionCopy } from './partition-copy.js';
import type { LocalSession, LocalStanding, UnknownReason } from './verdict.js';

export interface ReaderOptions {
  readonly clock: Clock;
  /** What is older than this is not relied upon; 10 by default. */
  readonly maxAgeSeconds?: number;
}

const defaultMaxAgeSeconds = 10;

export class StandingReader {
  private readonly copies = new Map<number, PartitionCopy>();
  private readonly maxAgeMs: number;

  constructor(private readonly options: ReaderOptions) {
    this.maxAgeMs = (options.maxAgeSeconds ?? defaultMaxAgeSeconds) * 1000;
  }

  /** Folds records of one partition, which follow those before; what was folded already is passed over. */
  take(batch: BusBatch): void {
    this.copyOf(batch.partition).take(batch, this.options.clock.now());
  }

  /** Where to go on reading the partition; null for its oldest record. */
  nextOffset(partition: number): string | null {
    return this.copies.get(partition)?.nextOffset ?? null;
  }

  /** Whether everything is known that there is to know: null, or why not. */
  readiness(): UnknownReason | null {
    const feed = [...this.copies.values()].map((copy) => copy.feed).find(isKnown);
    if (feed === undefined) return this.copies.size === 0 ? 'not_read' : 'feed_missing';
    for (let partition = 0; partition < feed.partitions; partition += 1) {
      const reason = this.reasonOf(partition);
      if (reason !== null) return reason;
    }
    return null;
  }

  /**
   * May the session act? Judged by the issuer's own function on the copy. `accountId`, where the caller
   * knows it (`sub` of the access token), has to be the session's.
   */
  sessionStanding(sessionId: string, accountId?: string): LocalStanding {
    for (const [partition, copy] of this.copies) {
      const session = copy.sessions.get(sessionId);
      if (session === undefined) continue;
      if (!isKnown(session)) return unknown(session);
      if (accountId !== undefined && session.state.accountId !== accountId) return unknown('unknown_session');
      return this.judge(partition, sessionId, session);
    }
    return unknown(this.readiness() ?? 'unknown_session');
  }

  /** The account's sessions, those used last first; one that cannot be read is left out. */
  sessionsOf(accountId: string): LocalSession[] {
    const found = [...this.copies].flatMap(([partition, copy]) => {
      return copy.sessionsOf(accountId).map(([id, session]) => this.shown(partition, id, session));
    });
    return found.sort((a, b) => (a.lastActiveAt < b.lastActiveAt ? 1 : -1));
  }

  /** The session as it is shown; undefined where there is none that can be read. */
  session(sessionId: string): LocalSession | undefined {
    for (const [partition, { sessions }] of this.copies) {
      const session = sessions.get(sessionId);
      if (isKnown(session)) return this.shown(partition, sessionId, session);
    }
    return undefined;
  }

  private judge(partition: number, sessionId: string, session: StandingSession): LocalStanding {
    const copy = this.copyOf(partition);
    const { accountId } = session.state;
    const reason = this.reasonOf(partition) ?? asideReason(copy, accountId);
    if (reason !== null) return unknown(reason);
    const account = copy.accounts.get(accountId);
    const { cutoffs, feed } = copy;
    if (account === 'unknown_version' || cutoffs === 'unknown_version') return unknown('unknown_version');
    const states = { session: session.state, account: account?.state, cutoffs: cutoffs?.state ?? noCutoffs };
    const standing = sessionStanding({ sessionId, ...states }, this.options.clock.now());
    if (standing.status === 'ended') return standing;
    return { status: 'active', asOf: (feed as StandingFeed).asOf ?? '' };
  }

  /** Why what the partition holds is not relied upon; null where it is. */
  private reasonOf(partition: number): UnknownReason | null {
    const copy = this.copies.get(partition);
    if (copy === undefined || !copy.isRead) return 'not_read';
    const { feed } = copy;
    if (feed === undefined) return 'feed_missing';
    if (feed === 'unknown_version') return feed;
    if (feed.asOf === null) return 'feed_too_old';
    const nowMs = this.options.clock.now();
    // By the writer's clock, and by our own where the writer's is ahead.
    const ageMs = Math.max(Math.abs(nowMs - Date.parse(feed.asOf)), nowMs - copy.heardMs);
    return ageMs > this.maxAgeMs ? 'feed_too_old' : null;
  }

  private shown(partition: number, id: string, session: StandingSession): LocalSession {
    const { status: _status, endCause: _cause, marker: _marker, flags = [], ...state } = session.state;
    const standing = this.judge(partition, id, session);
    const account = this.copyOf(partition).accounts.get(state.accountId);
    const held = standing.status === 'active' && isKnown(account) ? holdsOn(account.state, id) : [];
    const { lastActiveAt, endedAt } = session;
    const ended = endedAt === undefined ? {} : { endedAt };
    return { id, ...state, lastActiveAt, ...ended, flags, standing, holds: held.map(shownHold) };
  }

  private copyOf(partition: number): PartitionCopy {
    const copy = this.copies.get(partition) ?? new PartitionCopy();
    this.copies.set(partition, copy);
    return copy;
  }
}

function unknown(reason: UnknownReason): LocalStanding {
  return { status: 'unknown', reason };
}

function asideReason({ aside }: PartitionCopy, accountId: string): UnknownReason | null {
  return aside.has(accountId) || aside.has(everyone) ? 'set_aside' : null;
}
