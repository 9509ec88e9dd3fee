// Runs one decision against one stream: load, decide, append with guards, and decide again when something
// moved.
import { EngineError, isEngineError } from './errors.js';
import type { DomainEvent, EventDraft, RecordedEvent } from './event.js';
import type { Appended, EventStore, Guard } from './event-store.js';
import type { StreamQueue } from './stream-queue.js';

/** What a decision was taken on. */
export interface Loaded<S> {
  readonly state: S;
  /** Revision of the stream that is appended to; -1 without events. */
  readonly revision: number;
  /** The other streams looked at, with the revisions they were seen at. */
  readonly guards: readonly Guard[];
}

/** What was decided. Without events it is a verdict, and stands only if no head has moved. */
export interface Decision<A> {
  readonly events: readonly DomainEvent[];
  /** Append at the end, whatever the revision; for facts nobody may be able to hold up. */
  readonly atAnyRevision?: boolean;
  readonly answer: A;
}

export interface Command<S, A> {
  /** UUID; the ids of the events derive from it (`eventId`). */
  readonly id: string;
  readonly stream: string;
  /** Loads the state; `fresh` asks for the store's, not a cached one. */
  load(fresh: boolean): Loaded<S> | Promise<Loaded<S>>;
  decide(state: S, revision: number): Decision<A>;
  /** The command's own events were found in the stream: judge standing only, and release their answer or
   * refuse. */
  own(state: S, events: readonly RecordedEvent[]): A;
  /** Seals personal parts and adds what every event needs. */
  draft(events: readonly DomainEvent[]): EventDraft[] | Promise<EventDraft[]>;
  /** Told after each append, before the answer is released. */
  appended?(before: Loaded<S>, events: readonly DomainEvent[], result: Appended): void;
}

/** The answer, and where the append stands if there was one. */
export interface Handled<A> {
  readonly answer: A;
  readonly appended?: Appended;
}

const maxAttempts = 8;
const ownSearchDepth = 64;

/** The id of the command's `index`-th event (0 to 255): the command's UUID with its last byte replaced. */
export function eventId(commandId: string, index: number): string {
  return commandId.slice(0, 34) + index.toString(16).padStart(2, '0');
}

/**
 * Decides and appends, one command at a time per stream. Rejects with `queue_full`, `store_unavailable`, or
 * `conflict_persists` after 8 lost attempts: all retryable, none says anything about the request itself.
 */
export function handleCommand<S, A>(
  deps: { readonly store: EventStore; readonly queue: StreamQueue },
  command: Command<S, A>,
): Promise<Handled<A>> {
  return deps.queue.run(command.stream, () => attempt(deps.store, command));
}

async function attempt<S, A>(store: EventStore, command: Command<S, A>): Promise<Handled<A>> {
  let fresh = false;
  let mayBeStored = false;
  // A fact at any revision depends on no head, so finding it is enough.
  let dependsOnHeads = false;
  for (let tries = 0; tries < maxAttempts; tries += 1) {
    const loaded = await command.load(fresh);
    fresh = true;
    const own = mayBeStored ? await findOwn(store, command) : [];
    if (own.length > 0) {
      const answer = command.own(loaded.state, own);
      const stands = !dependsOnHeads || (await headsStand(store, command.stream, loaded));
      if (stands) return { answer, appended: placeOf(own) };
      continue;
    }
    const decision = command.decide(loaded.state, loaded.revision);
    if (decision.events.length === 0) {
      if (await headsStand(store, command.stream, loaded)) return { answer: decision.answer };
      continue;
    }
    const result = await append(store, command, { loaded, decision });
    if (typeof result === 'object') {
      command.appended?.(loaded, decision.events, result);
      return { answer: decision.answer, appended: result };
    }
    mayBeStored ||= result === 'maybe';
    dependsOnHeads ||= result === 'maybe' && decision.atAnyRevision !== true;
  }
  throw new EngineError('conflict_persists', { stream: command.stream });
}

/** A verdict on a plain read, outside the stream's queue: appends nothing, waits for nobody. */
export async function readVerdict<S, A>(
  store: EventStore,
  query: {
    readonly stream: string;
    load(fresh: boolean): Loaded<S> | Promise<Loaded<S>>;
    judge(state: S): A;
  },
): Promise<A> {
  for (let tries = 0; tries < maxAttempts; tries += 1) {
    const loaded = await query.load(tries > 0);
    const verdict = query.judge(loaded.state);
    if (await headsStand(store, query.stream, loaded)) return verdict;
  }
  throw new EngineError('conflict_persists', { stream: query.stream });
}

async function append<S, A>(
  store: EventStore,
  command: Command<S, A>,
  { loaded, decision }: { loaded: Loaded<S>; decision: Decision<A> },
): Promise<Appended | 'no' | 'maybe'> {
  const events = await command.draft(decision.events);
  const expected = decision.atAnyRevision === true ? 'any' : loaded.revision;
  const guards = decision.atAnyRevision === true ? [] : loaded.guards;
  try {
    return await store.append({ stream: command.stream, expected, events, guards });
  } catch (error) {
    if (isEngineError(error) && (error.code === 'revision_conflict' || error.details.appended === false)) {
      return 'no';
    }
    if (isEngineError(error, 'guard_moved', 'outcome_unknown')) return 'maybe';
    throw error;
  }
}

async function findOwn<S, A>(store: EventStore, command: Command<S, A>): Promise<RecordedEvent[]> {
  const prefix = command.id.slice(0, 34);
  const recent = await store.readBack(command.stream, ownSearchDepth);
  return recent.filter((event) => event.id.startsWith(prefix)).toReversed();
}

function placeOf(own: readonly RecordedEvent[]): Appended {
  const last = own[own.length - 1] as RecordedEvent;
  return { revision: last.revision, position: last.position, recordedAt: last.recordedAt };
}

async function headsStand<S>(store: EventStore, stream: string, loaded: Loaded<S>): Promise<boolean> {
  const heads = await store.heads([stream, ...loaded.guards.map((guard) => guard.stream)]);
  if (heads[0] !== loaded.revision) return false;
  return loaded.guards.every((guard, index) => heads[index + 1] === guard.revision);
}
