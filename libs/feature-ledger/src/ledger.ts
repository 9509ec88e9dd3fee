// The streams as handlers use them: states with the guards they were read under, and commands run on them.
import { Injectable } from '@nestjs/common';
import {
  accountFold,
  cutoffsFold,
  eventCatalogue,
  nameFold,
  sessionFold,
  streams,
} from '@sallyport/core-session';
import type { AccountState, CutoffsState, NameState, SessionState } from '@sallyport/core-session';
import {
  eventId,
  EventStore,
  handleCommand,
  Ids,
  readVerdict,
  StateReader,
  StreamQueue,
} from '@sallyport/engine';
import type {
  Command,
  DomainEvent,
  EventDraft,
  Handled,
  JsonObject,
  Loaded,
  StreamType,
  Versioned,
} from '@sallyport/engine';
import { EventSeals } from './event-seals.js';
import type { Ordered, Written } from './session-commands.js';

/** A session and all its standing depends on. */
export interface SessionScope {
  readonly sessionId: string;
  readonly session: SessionState | undefined;
  readonly account: AccountState | undefined;
  readonly cutoffs: CutoffsState;
}

/** What a handler adds to a decision to have it run: who ordered it, and whose order its events belong to. */
export interface Order {
  readonly ordered: Ordered;
  readonly partitionKey: string;
}

const megabyte = 1024 * 1024;
const sessionType: StreamType<SessionState | undefined> = {
  ...sessionFold,
  size: (state) => (state === undefined ? 200 : 1400),
};
const accountType: StreamType<AccountState | undefined> = {
  ...accountFold,
  size: (state) =>
    state === undefined ? 200 : 800 + 250 * state.devices.length + 80 * state.lostKeys.length,
};
const cutoffsType: StreamType<CutoffsState> = { ...cutoffsFold, size: () => 500 };
const nameType: StreamType<NameState> = { ...nameFold, size: () => 200 };

@Injectable()
export class Ledger {
  readonly queue = new StreamQueue();
  readonly sessions: StateReader<SessionState | undefined>;
  readonly accounts: StateReader<AccountState | undefined>;
  readonly cutoffs: StateReader<CutoffsState>;
  readonly names: StateReader<NameState>;

  constructor(
    readonly store: EventStore,
    readonly ids: Ids,
    private readonly seals: EventSeals,
  ) {
    this.sessions = new StateReader(store, sessionType, 192 * megabyte);
    this.accounts = new StateReader(store, accountType, 64 * megabyte);
    this.cutoffs = new StateReader(store, cutoffsType, megabyte);
    this.names = new StateReader(store, nameType, 8 * megabyte);
  }

  /** A session with its account and the cutoffs; the two others are guards. */
  loadSession(
    sessionId: string,
    fresh: boolean,
  ): Loaded<SessionScope> | Promise<Loaded<SessionScope>> {
    const cached = fresh ? undefined : this.peekSession(sessionId);
    return cached ?? this.readSession(sessionId, fresh);
  }

  /** All of it from the caches, where nothing has to be waited for: nearly every refresh. */
  private peekSession(sessionId: string): Loaded<SessionScope> | undefined {
    const session = this.sessions.peek(streams.session(sessionId));
    if (session?.state === undefined) return undefined;
    const account = this.accounts.peek(streams.account(session.state.accountId));
    const cutoffs = this.cutoffs.peek(streams.cutoffs);
    if (account === undefined || cutoffs === undefined) return undefined;
    return scopeOf(sessionId, { session, account, cutoffs });
  }

  private async readSession(sessionId: string, fresh: boolean): Promise<Loaded<SessionScope>> {
    const session = await read(this.sessions, streams.session(sessionId), fresh);
    const accountId = session.state?.accountId;
    const account =
      accountId === undefined ? undefined : await read(this.accounts, streams.account(accountId), fresh);
    const cutoffs = await read(this.cutoffs, streams.cutoffs, fresh);
    return scopeOf(sessionId, { session, account, cutoffs });
  }

  /** An account's state; nothing guards it. */
  async loadAccount(accountId: string, fresh: boolean): Promise<Loaded<Versioned<AccountState | undefined>>> {
    const account = await read(this.accounts, streams.account(accountId), fresh);
    return { state: account, revision: account.revision, guards: [] };
  }

  /** Where a stream stands: the position of its last event. */
  async standsAt(stream: string): Promise<Written> {
    const [last] = await this.store.readBack(stream, 1);
    return { position: last?.position ?? '0' };
  }

  /** A judgement on a session that appends nothing: on heads read after the request arrived. */
  judgeSession<A>(sessionId: string, judge: (scope: SessionScope) => A): Promise<A> {
    return readVerdict(this.store, {
      stream: streams.session(sessionId),
      load: (fresh) => this.loadSession(sessionId, fresh),
      judge,
    });
  }

  /** Runs a decision on a stream whose states `reader` keeps; `commandId` if the events' ids matter. */
  run<S, T, A>(
    reader: StateReader<T>,
    command: Pick<Command<S, A>, 'stream' | 'load' | 'decide' | 'own'> & { readonly commandId?: string },
    order: Order,
  ): Promise<Handled<A>> {
    const id = command.commandId ?? this.ids.uuid();
    const full: Command<S, A> = {
      id,
      stream: command.stream,
      load: (fresh) => command.load(fresh),
      decide: (state, revision) => command.decide(state, revision),
      own: (state, events) => command.own(state, events),
      draft: (events) => this.draft({ id, stream: command.stream }, events, order),
      appended: (before, events, result) => {
        const held = reader.peek(command.stream);
        const follows =
          held?.revision === before.revision && result.revision === before.revision + events.length;
        if (follows) reader.applied(held, events);
        else reader.forget(command.stream);
      },
    };
    return handleCommand(this, full);
  }

  private draft(
    command: { readonly id: string; readonly stream: string },
    events: readonly DomainEvent[],
    { ordered, partitionKey }: Order,
  ): EventDraft[] | Promise<EventDraft[]> {
    const plain = events.map((event, index): EventDraft => {
      const id = eventId(command.id, index);
      const draft = {
        id,
        type: event.type,
        schemaVersion: versionOf(event.type),
        data: event.data as JsonObject,
        correlationId: ordered.correlationId,
        causationId: command.id,
        partitionKey,
        actor: ordered.actor,
      };
      if (event.credential === undefined) return draft;
      const place = { stream: command.stream, eventId: id };
      return { ...draft, credential: this.seals.credential(place, { hash: event.credential }) };
    });
    if (events.every((event) => event.personal === undefined)) return plain;
    return Promise.all(
      plain.map(async (draft, index) => {
        const clear = events[index]?.personal;
        if (clear === undefined) return draft;
        const place = { stream: command.stream, eventId: draft.id };
        const personal = await this.seals.personal(partitionKey, place, clear);
        return personal === undefined ? draft : { ...draft, personal };
      }),
    );
  }
}

function scopeOf(
  sessionId: string,
  parts: {
    readonly session: Versioned<SessionState | undefined>;
    readonly account: Versioned<AccountState | undefined> | undefined;
    readonly cutoffs: Versioned<CutoffsState>;
  },
): Loaded<SessionScope> {
  const { session, account, cutoffs } = parts;
  return {
    state: { sessionId, session: session.state, account: account?.state, cutoffs: cutoffs.state },
    revision: session.revision,
    guards: account === undefined ? [cutoffs] : [account, cutoffs],
  };
}

function read<S>(
  reader: StateReader<S>,
  stream: string,
  fresh: boolean,
): Versioned<S> | Promise<Versioned<S>> {
  return fresh ? reader.fetch(stream) : reader.load(stream);
}

function versionOf(type: string): number {
  const version = (eventCatalogue as { readonly [type: string]: number })[type];
  if (version === undefined) throw new Error(`event type ${type} is not in the catalogue`);
  return version;
}
