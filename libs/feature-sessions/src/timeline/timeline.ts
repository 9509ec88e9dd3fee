// An account's timeline: the rows of its own, what concerned every account, in words, a page at a time.
import { Injectable } from '@nestjs/common';
import type { CutoffScope } from '@sallyport/core-session';
import { everybody, sessionsProjection, sessionViews, timelineKey } from '@sallyport/core-views';
import { timelineProjection, timelineViews } from '@sallyport/core-views';
import type { AccountRow, Happening, TimelineSessionRow } from '@sallyport/core-views';
import { comparePositions, ViewStore } from '@sallyport/engine';
import { ViewWait } from '../view-wait.js';
import type { Shown } from '../view-wait.js';
import { readNumber, readPosition } from './query.js';
import type { Query } from './query.js';
import { Storyteller } from './storyteller.js';
import type { Listener, TimelineEntry } from './storyteller.js';

/** Newest first. `next`: what to ask with as `before` for older ones; absent when there are none. */
export type TimelinePage = Shown & { readonly entries: readonly TimelineEntry[]; readonly next?: string };

const limits = { min: 1, max: 200, otherwise: 50 };
const { generation } = timelineProjection;
/** Cutoffs are rare; more of them than this in one page of an account's history are not told. */
const maxCutoffs = 500;

@Injectable()
export class Timeline {
  constructor(
    private readonly views: ViewStore,
    private readonly wait: ViewWait,
    private readonly storyteller: Storyteller,
  ) {}

  /** Query: `before` (a position), `limit` (50; at most 200), `after` (waits as `ViewWait` does). */
  async page(listener: Listener, query: Query): Promise<TimelinePage> {
    const before = readPosition(query['before'], 'before');
    const limit = readNumber(query['limit'], 'limit', limits);
    const { accountId } = listener;
    const shown = await this.wait.until(query['after'], accountId);
    const [own, common] = await Promise.all([
      this.rows(accountId, before, limit + 1),
      this.rows(everybody, before, maxCutoffs),
    ]);
    const all = [...own, ...(await this.concerning(accountId, common))];
    const page = all.toSorted((a, b) => comparePositions(b.position, a.position)).slice(0, limit);
    const entries = await this.storyteller.tell(page, listener, { summed: true });
    const next = all.length > limit ? page.at(-1)?.position : undefined;
    return { entries, ...(next === undefined ? {} : { next }), ...shown };
  }

  private async rows(owner: string, before: string | undefined, limit: number): Promise<Happening[]> {
    const below = before === undefined ? {} : { before: timelineKey(before) };
    const rows = await this.views.page(timelineViews.timeline, generation, { owner, ...below, limit });
    // The projection alone writes the rows, so their bodies have its type.
    return rows.map(({ body }) => body as unknown as Happening);
  }

  /** The cutoffs since the account was opened that could end a session of its. */
  private async concerning(accountId: string, cutoffs: readonly Happening[]): Promise<Happening[]> {
    if (cutoffs.length === 0) return [];
    const openedAt = await this.openedAt(accountId);
    const later = cutoffs.filter(({ at }) => openedAt !== undefined && at >= openedAt);
    const scopes = later.map(({ details }) => (details as { readonly scope: CutoffScope }).scope);
    const sessions = scopes.some(({ kind }) => kind !== 'all') ? await this.sessions(accountId) : [];
    return later.filter((_cutoff, index) => {
      const scope = scopes[index] as CutoffScope;
      return scope.kind === 'all' || sessions.some((session) => isIn(scope, session));
    });
  }

  private async openedAt(accountId: string): Promise<string | undefined> {
    const rows = await this.views.load(sessionViews.account, sessionsProjection.generation, [accountId]);
    return (rows.get(accountId)?.body as AccountRow | undefined)?.state.openedAt;
  }

  private async sessions(accountId: string): Promise<TimelineSessionRow[]> {
    const rows = await this.views.list(timelineViews.session, generation, accountId);
    return rows.map(({ body }) => body as unknown as TimelineSessionRow);
  }
}

function isIn(scope: CutoffScope, { clientId, deviceId }: TimelineSessionRow): boolean {
  if (scope.kind === 'bearer') return deviceId === undefined;
  return scope.kind === 'client' && scope.clientId === clientId;
}
