// Who could act on an account at a moment, from which device, and what the service would have answered then.
import { accountFold, cutoffsFold, holdsOn, sessionFold } from '@sallyport/core-session';
import { sessionStanding, streams } from '@sallyport/core-session';
import type { AccountState, CutoffsState, Fold, Hold } from '@sallyport/core-session';
import type { SessionState, Standing } from '@sallyport/core-session';
import type { Feed, Position, RecordedEvent } from '@sallyport/engine';
import { walk } from './moment.js';
import type { Moment, Walk } from './moment.js';

/** What a refresh with the session's own token, and its key where it has one, would have been answered. */
export type RefreshAnswer =
  | { readonly outcome: 'tokens' }
  /** `reason` is told to those who prove the session's key, nobody else. */
  | { readonly outcome: 'invalid_grant'; readonly reason?: string }
  /** The grant has no refresh token: its access token is all there is. */
  | { readonly outcome: 'no_refresh_token' };

/** A session as it stood. Times are ISO 8601 in UTC. */
export interface SessionAt {
  readonly sessionId: string;
  readonly state: SessionState;
  /** Store time of its latest use with its own token. */
  readonly lastUsedAt: string;
  readonly standing: Standing;
  readonly refresh: RefreshAnswer;
  /** What held its sensitive actions: holds of its own and of the account. */
  readonly holds: readonly Hold[];
}

/** Whether a sign-in with the right password would have been let in. */
export type SignInAnswer = 'accepted' | 'locked' | 'no_account';

export interface AccountAt {
  readonly accountId: string;
  /** The last position of the whole store at the moment; `0` before the first. */
  readonly position: Position;
  /** The instant on which expiry is judged: the one asked for, or when the position was recorded. */
  readonly instant: string;
  /** Undefined where it was not opened yet. */
  readonly account: AccountState | undefined;
  readonly cutoffs: CutoffsState;
  readonly signIn: SignInAnswer;
  /** In the order in which they started. */
  readonly sessions: readonly SessionAt[];
}

const usedByOwner = new Set(['session.started', 'session.refresh-rotated', 'session.rotation-retried']);

/** Folds the account's streams up to the moment. Judges by `sessionStanding`, as the service does. */
export async function accountAt(
  feed: Feed,
  accountId: string,
  { at, progressed }: { readonly at: Moment; readonly progressed?: Walk['progressed'] },
): Promise<AccountAt> {
  const folded = new FoldedAccount(accountId);
  for await (const page of walk(feed, { to: at, progressed })) {
    for (const event of page) folded.add(event);
  }
  return folded.at(at.kind === 'instant' ? at.instant : undefined);
}

interface FoldedSession {
  readonly state: SessionState;
  readonly lastUsedAt: string;
}

class FoldedAccount {
  private account: AccountState | undefined;
  private cutoffs = cutoffsFold.initial;
  private readonly sessions = new Map<string, FoldedSession>();
  private position: Position = '0';
  private recordedAt = '';

  constructor(private readonly accountId: string) {}

  add(event: RecordedEvent): void {
    const { stream, position, recordedAt, partitionKey } = event;
    this.position = position;
    if (recordedAt > this.recordedAt) this.recordedAt = recordedAt;
    if (stream === streams.cutoffs) this.cutoffs = after(cutoffsFold, this.cutoffs, event);
    if (stream === streams.account(this.accountId)) this.account = after(accountFold, this.account, event);
    const isTheirs = partitionKey === this.accountId && stream.startsWith(streams.session(''));
    if (isTheirs) this.addToSession(stream.slice(streams.session('').length), event);
  }

  /** `instant`: when expiry is judged, where another time was asked for than that of the last event. */
  at(instant = this.recordedAt): AccountAt {
    const { accountId, position, account, cutoffs } = this;
    const sessions = [...this.sessions].map(([sessionId, { state, lastUsedAt }]) => {
      const standing = sessionStanding({ sessionId, session: state, account, cutoffs }, Date.parse(instant));
      const holds = account === undefined ? [] : holdsOn(account, sessionId);
      return { sessionId, state, lastUsedAt, standing, refresh: refreshAnswer(state, standing), holds };
    });
    return { accountId, position, instant, account, cutoffs, signIn: signInAnswer(account), sessions };
  }

  private addToSession(sessionId: string, event: RecordedEvent): void {
    const before = this.sessions.get(sessionId);
    const state = after(sessionFold, before?.state, event);
    if (state === undefined) return;
    const isUse = before === undefined || usedByOwner.has(event.type);
    const lastUsedAt = isUse ? event.recordedAt : before.lastUsedAt;
    this.sessions.set(sessionId, { state, lastUsedAt });
  }
}

/** The state that the event carries, as the service takes it, else the folded one. */
function after<S>(fold: Fold<S>, before: S, event: RecordedEvent): S {
  return fold.carried(event) ?? fold.evolve(before, event, event.revision);
}

function refreshAnswer({ jkt, keyId }: SessionState, standing: Standing): RefreshAnswer {
  if (keyId === '') return { outcome: 'no_refresh_token' };
  if (standing.status === 'active') return { outcome: 'tokens' };
  return { outcome: 'invalid_grant', ...(jkt === undefined ? {} : { reason: standing.reason }) };
}

function signInAnswer(account: AccountState | undefined): SignInAnswer {
  if (account === undefined) return 'no_account';
  switch (account.status) {
    case 'open':
      return 'accepted';
    case 'locked':
      return 'locked';
    case 'closed':
    case 'erased':
      return 'no_account';
    default:
      return neverStatus(account.status);
  }
}

function neverStatus(status: never): never {
  throw new Error(`unknown account status ${String(status)}`);
}
