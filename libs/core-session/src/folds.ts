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
  if (/^(keys$|rules$|login-|anomaly-)/.test(stream)) return undefined;
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
const atAnyRevision = /^(session\.revoked|(login|keys|anomaly|rules)\.[a-z-]+)$/;

/** How far a stream was checked: its last event, and the state it folds to. */
export interface CheckedStream {
  readonly revision: number;
  readonly hash: string;
  readonly state: unknown;
}

/**
 * What is wrong with one whole stream, in words; empty when revisions run from 0 without gaps, each event
 * carries the state it folds to, and each `previousHash` names the event before. `events` are in order of
 * revision.
 */
export function streamProblems(stream: string, events: readonly LedgerEvent[]): string[] {
  const fold = foldOf(stream);
  let checked: CheckedStream | undefined;
  return events.flatMap((event) => {
    const { problems, after } = checkEvent(fold, checked, event);
    checked = after;
    return problems;
  });
}

/** What is wrong with the next event of a stream, and where the stream stands after it. Pure. */
export function checkEvent(
  fold: Fold<unknown> | undefined,
  before: CheckedStream | undefined,
  event: LedgerEvent,
): { readonly problems: readonly string[]; readonly after: CheckedStream } {
  const due = (before?.revision ?? -1) + 1;
  const gap = event.revision === due ? undefined : `is not at revision ${due}`;
  const folded = fold === undefined ? { state: undefined } : foldedState(fold, before, event);
  const found = [gap, chainProblem(event, before), folded.problem].filter((one) => one !== undefined);
  const { stream, revision, hash, type } = event;
  const problems = found.map((problem) => `${stream}/${revision} ${type} ${problem}`);
  return { problems, after: { revision, hash, state: folded.state } };
}

function foldedState(
  fold: Fold<unknown>,
  before: CheckedStream | undefined,
  event: LedgerEvent,
): { readonly state: unknown; readonly problem?: string } {
  const from = before === undefined ? fold.initial : before.state;
  try {
    const state = fold.evolve(from, event, event.revision);
    return { state, problem: carriedProblem(fold, event, state) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { state: from, problem: `cannot be folded: ${why}` };
  }
}

function chainProblem(event: LedgerEvent, before: CheckedStream | undefined): string | undefined {
  if (event.previousHash === before?.hash) return undefined;
  if (before === undefined) return 'names an event before the first';
  if (event.previousHash !== undefined) return 'names another event than the one before it';
  return atAnyRevision.test(event.type) ? undefined : 'names no event before it';
}

function carriedProblem(fold: Fold<unknown>, event: LedgerEvent, folded: unknown): string | undefined {
  const carried = fold.carried(event);
  if (carried === undefined) return fold.carries(event.type) ? 'carries no state' : undefined;
  return isSameJson(carried, folded) ? undefined : 'carries another state than it folds to';
}

/** Whether two values are the same JSON text, but for the order of members. */
function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one, other] as Record<string, unknown>[];
  const members = definedMembers(left as object);
  if (members.length !== definedMembers(right as object).length) return false;
  return members.every((name) => isSameJson(left?.[name], right?.[name]));
}

/** JSON has no members without a value. */
function definedMembers(value: object): string[] {
  return Object.keys(value).filter((name) => (value as Record<string, unknown>)[name] !== undefined);
}
