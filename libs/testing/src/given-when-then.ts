// Given these events, when that is decided, then this happens; and every event must carry the state it folds to.
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { carriedAccount, carriedCutoffs, carriedName, carriedSession, noCutoffs } from '@sallyport/core-session';
import { evolveAccount, evolveCutoffs, evolveName, evolveSession } from '@sallyport/core-session';
import type { AccountEvent, AccountState, CutoffEvent, CutoffsState } from '@sallyport/core-session';
import type { NameEvent, NameState, SessionEvent, SessionState } from '@sallyport/core-session';
import type { RecordedEvent } from '@sallyport/engine';

export interface Fact {
  readonly type: string;
  readonly data: object;
}

/** How the streams of one kind fold, and which of their events carry the state after them. */
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

type Decided = readonly Fact[] | { readonly events?: readonly Fact[] };

/** What was decided, the events of it, and where the stream stands after them. */
export interface Outcome<S, D> extends Given<S> {
  readonly decision: D;
  readonly events: readonly Fact[];
  /** Exactly these event types, in this order. */
  happens(...types: [string, ...string[]]): Outcome<S, D>;
  /** No event, and a decision that has these members. */
  isRefused(members: object): Outcome<S, D>;
  /** No event and no refusal: it has happened already. */
  staysQuiet(): Outcome<S, D>;
}

export interface Given<S> {
  readonly state: S;
  /** Revision of the last event; -1 without events. */
  readonly revision: number;
  when<D>(decide: (state: S, revision: number) => D): Outcome<S, D>;
}

/** A stream with these events. Each is checked to survive JSON and to carry what it folds to. */
export function given<S>(fold: Fold<S>, ...events: readonly Fact[]): Given<S> {
  return follow(fold, { state: fold.initial, revision: -1 }, events);
}

function follow<S>(fold: Fold<S>, from: { state: S; revision: number }, events: readonly Fact[]): Given<S> {
  let { state, revision } = from;
  for (const event of events) {
    revision += 1;
    state = foldChecked(fold, { state, revision }, asStored(event));
  }
  const at = { state, revision };
  return {
    ...at,
    when: (decide) => {
      const decision = decide(state, revision);
      return outcome(decision, fold, at);
    },
  };
}

function outcome<S, D>(decision: D, fold: Fold<S>, at: { state: S; revision: number }): Outcome<S, D> {
  const events = eventsOf(decision as Decided);
  const types = events.map((event) => event.type);
  const self: Outcome<S, D> = {
    ...follow(fold, at, events),
    decision,
    events,
    happens: (...expected) => {
      deepStrictEqual(types, expected);
      return self;
    },
    isRefused: (members) => {
      deepStrictEqual(types, []);
      const actual = decision as Readonly<Record<string, unknown>>;
      for (const [name, value] of Object.entries(members)) deepStrictEqual(actual[name], value, name);
      return self;
    },
    staysQuiet: () => {
      deepStrictEqual(types, []);
      strictEqual((decision as { refusal?: unknown }).refusal, undefined);
      return self;
    },
  };
  return self;
}

function eventsOf(decided: Decided): readonly Fact[] {
  return 'events' in decided ? (decided.events ?? []) : Array.isArray(decided) ? decided : [];
}

/** The event as a reader will see it; what JSON would change is a fault. `credential` parts are sealed elsewhere. */
function asStored({ type, data }: Fact): Fact {
  const stored = JSON.parse(JSON.stringify({ type, data })) as Fact;
  deepStrictEqual(stored, { type, data }, `${type} does not survive JSON`);
  return stored;
}

/** The folded state after the event, held against the one it carries. */
function foldChecked<S>(fold: Fold<S>, at: { readonly state: S; readonly revision: number }, event: Fact): S {
  const { revision } = at;
  const folded = fold.evolve(at.state, event, revision);
  const carried = fold.carried(event);
  if (fold.carries(event.type)) ok(carried !== undefined, `${event.type} at ${revision} carries no state`);
  if (carried === undefined) return folded;
  deepStrictEqual(carried, folded, `${event.type} at ${revision} carries another state than it folds to`);
  return folded;
}

/** Types appended at any revision, which name no event before them. */
const atAnyRevision = /^(session\.revoked|login\.[a-z]+|keys\.[a-z]+)$/;

/**
 * Holds a recorded ledger (whole streams, in any order across them) to its promises: revisions from 0 without
 * gaps, carried state equal to folded state on each event, and `previousHash` naming the event before.
 */
export function assertLedgerFolds(recorded: readonly RecordedEvent[]): void {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of recorded) {
    const events = streams.get(event.stream);
    if (events === undefined) streams.set(event.stream, [event]);
    else events.push(event);
  }
  for (const [stream, events] of streams) {
    const inOrder = events.toSorted((a, b) => a.revision - b.revision);
    for (const [index, event] of inOrder.entries()) {
      const at = `${stream}/${event.revision} ${event.type}`;
      strictEqual(event.revision, index, `${at} is not at revision ${index}`);
      checkChain(at, event, inOrder[index - 1]);
    }
    foldStream(stream, inOrder);
  }
}

function checkChain(at: string, event: RecordedEvent, before: RecordedEvent | undefined): void {
  if (before === undefined) return strictEqual(event.previousHash, undefined, `${at} names an event before the first`);
  if (event.previousHash === undefined) return ok(atAnyRevision.test(event.type), `${at} has no previousHash`);
  strictEqual(event.previousHash, before.hash, `${at} names another event than the one before it`);
}

function foldStream(stream: string, events: readonly RecordedEvent[]): void {
  const fold = foldOf(stream) as Fold<unknown> | undefined;
  if (fold === undefined) return;
  let state = fold.initial;
  for (const event of events) state = foldChecked(fold, { state, revision: event.revision }, event);
}

/** The fold of a stream by its name; undefined for streams that have no state. */
function foldOf(stream: string): object | undefined {
  if (stream === 'cutoffs') return cutoffsFold;
  if (stream.startsWith('account-')) return accountFold;
  if (stream.startsWith('session-')) return sessionFold;
  if (stream.startsWith('login-name-')) return nameFold;
  if (stream === 'keys' || stream.startsWith('login-')) return undefined;
  throw new Error(`no fold for stream ${stream}`);
}
