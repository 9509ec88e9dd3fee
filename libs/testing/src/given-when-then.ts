// Given these events, when that is decided, then this happens; and every event must carry the state it folds
// to.
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { streamProblems } from '@sallyport/core-session';
import type { Fact, Fold } from '@sallyport/core-session';
import type { RecordedEvent } from '@sallyport/engine';

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

/** The event as a reader will see it; what JSON would change is a fault. `credential` parts are sealed
 * elsewhere. */
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
  const problems = [...streams].flatMap(([stream, events]) =>
    streamProblems(
      stream,
      events.toSorted((a, b) => a.revision - b.revision),
    ),
  );
  deepStrictEqual(problems, []);
}
