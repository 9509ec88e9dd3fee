// How each kind of stream folds, and the check that a recorded ledger is what its events say it is.
import { carriedAccount, evolveAccount } from './account-events.js';
import type { AccountEvent, AccountState } from './account-events.js';
import { carriedName, evolveName } from './login-events.js';
import type { NameEvent, NameState } from './login-events.js';
import { carriedSession, evolveSession } from './session-events.js';
import type { SessionEvent, SessionState } from './session-events.js';
import { carriedCutoffs, evolveCutoffs, noCutoffs } from './system-events.js';
import type { CutoffEvent, CutoffsState } from './system-events.js';

/** An event as folds see it. */
export interface Fact {
  readonly type: string;
  readonly data: object;
}

/** How the streams of one kind fold, and which of their events carry the state after them. Pure. */
export interface Fold<S> {
  readonly initial: S;
  evolve(state: S, event: Fact, revision: number): S;
  carried(event: Fact): S | undefined;
  carries(type: string): boolean;
}

export const sessionFold: Fold<SessionState | undefined> = {
  initial: undefined,
  evolve: (state, event) => evolveSession(state, event as SessionEvent),
  carried: carriedSession,
  carries: (type) => type !== 'session.revoked',
};
export const accountFold: Fold<AccountState | undefined> = {
  initial: undefined,
  evolve: (state, event, revision) => evolveAccount(state, event as AccountEvent, revision),
  carried: carriedAccount,
  carries: () => true,
};
export const nameFold: Fold<NameState> = {
  initial: { v: 1 },
  evolve: (state, event) => evolveName(state, event as NameEvent),
  carried: carriedName,
  carries: (type) => type.startsWith('login-name.'),
};
export const cutoffsFold: Fold<CutoffsState> = {
  initial: noCutoffs,
  evolve: (state, event, revision) => evolveCutoffs(state, event as CutoffEvent, revision),
  carried: carriedCutoffs,
  carries: () => true,
};

/** The fold of a stream by its name; undefined for streams without state. Throws on a name of no known kind.
 * */
export function foldOf(stream: string): Fold<unknown> | undefined {
  if (stream === 'cutoffs') return cutoffsFold as Fold<unknown>;
  if (stream.startsWith('account-')) return accountFold as Fold<unknown>;
  if (stream.startsWith('session-')) return sessionFold as Fold<unknown>;
  if (stream.startsWith('login-name-')) return nameFold as Fold<unknown>;
  if (stream === 'keys' || stream.startsWith('login-')) return undefined;
  throw new Error(`no fold for stream ${stream}`);
}

/** An event as it was recorded, as far as the check looks. */
export interface LedgerEvent extends Fact {
  readonly stream: string;
  readonly revision: number;
  readonly hash: string;
  readonly previousHash?: string;
}

/** Types appended at any revision, which name no event before them. */
const atAnyRevision = /^(session\.revoked|login\.[a-z]+|keys\.[a-z]+)$/;

/**
 * What is wrong with one whole stream, in words; empty when revisions run from 0 without gaps, each event
 * carries the state it folds to, and each `previousHash` names the event before. `events` are in order of
 * revision.
 */
export function streamProblems(stream: string, events: readonly LedgerEvent[]): string[] {
  const fold = foldOf(stream);
  const problems: string[] = [];
  let state = fold?.initial;
  for (const [index, event] of events.entries()) {
    const at = `${stream}/${event.revision} ${event.type}`;
    const say = (problem: string | undefined): unknown =>
      problem !== undefined && problems.push(`${at} ${problem}`);
    if (event.revision !== index) say(`is not at revision ${index}`);
    say(chainProblem(event, events[index - 1]));
    if (fold === undefined) continue;
    state = fold.evolve(state, event, event.revision);
    say(carriedProblem(fold, event, state));
  }
  return problems;
}

function chainProblem(event: LedgerEvent, before: LedgerEvent | undefined): string | undefined {
  if (event.previousHash === before?.hash) return undefined;
  if (before === undefined) return 'names an event before the first';
  if (event.previousHash !== undefined) return 'names another event than the one before it';
  return atAnyRevision.test(event.type) ? undefined : 'names no event before it';
}

function carriedProblem(fold: Fold<unknown>, event: LedgerEvent, folded: unknown): string | undefined {
  const carried = fold.carried(event);
  if (carried === undefined) return fold.carries(event.type) ? 'carries no state' : undefined;
  return canonical(carried) === canonical(folded) ? undefined : 'carries another state than it folds to';
}

/** JSON with members in order of name, so that equal values give equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
