// Makes a ledger of any size by the deciders themselves, to measure what is done with whole ledgers.
import { carriedAccount, carriedSession, linkDevice, noCutoffs, openAccount } from '@sallyport/core-session';
import { rotate, startSession, streams } from '@sallyport/core-session';
import type { AccountState, SessionPolicy, SessionState } from '@sallyport/core-session';
import { SqliteEventStore } from '@sallyport/adapter-sqlite';
import type { Appended, Clock, EventDraft, EventStore, JsonObject } from '@sallyport/engine';
import { Random } from '../races/random.js';

/** `events` in all, at least; each account opens, links a phone and starts one session on it. */
export interface MadeLedger {
  readonly file: string;
  readonly events: number;
  /** Of each session's own stream. */
  readonly eventsPerSession: number;
  readonly seed: number;
  progressed?(done: number): void;
}

interface Fact {
  readonly type: string;
  readonly data: object;
}

/** Somebody with one session on one phone. */
export interface MadePerson {
  readonly accountId: string;
  readonly sessionId: string;
  readonly account: AccountState;
  session: SessionState;
}

const startMs = Date.UTC(2026, 10, 2, 9);
const policy: SessionPolicy = {
  idleSeconds: 30 * 86_400,
  absoluteSeconds: 365 * 86_400,
  graceSeconds: 0,
  accessTokenSeconds: 300,
  wrongKeyEndsSession: false,
  staleTokenEndsSession: false,
};
const groupSize = 500;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** All sessions at once, each refreshed once in every round, in an order drawn anew. */
export async function makeLedger(wanted: MadeLedger): Promise<void> {
  const { file, events, eventsPerSession, seed } = wanted;
  let nowMs = startMs;
  const clock = { now: () => nowMs };
  const store = SqliteEventStore.open({ file, clock, synchronous: 'OFF' });
  const random = new Random(seed);
  const maker = new HistoryMaker(store, clock, random);
  let made = 0;
  let waiting: Promise<unknown>[] = [];
  const add = async (append: Promise<unknown>): Promise<void> => {
    nowMs += 5;
    waiting.push(append);
    if (waiting.length >= groupSize) await flush();
  };
  const flush = async (): Promise<void> => {
    await Promise.all(waiting);
    made += waiting.length;
    waiting = [];
    wanted.progressed?.(made);
  };
  try {
    const people: MadePerson[] = [];
    for (let left = Math.ceil(events / (eventsPerSession + 2)); left > 0; left -= 1) {
      const { person, appended } = maker.arrive();
      people.push(person);
      for (const append of appended) await add(append);
    }
    for (let round = 1; round < eventsPerSession; round += 1) {
      for (const person of shuffled(people, random)) await add(maker.refresh(person));
    }
    await flush();
  } finally {
    await store.close();
  }
}

/** Makes events by the deciders and appends them; whoever asks waits for the store. */
export class HistoryMaker {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Opens an account, links a phone, starts a session on it. */
  arrive(): { readonly person: MadePerson; readonly appended: readonly Promise<Appended>[] } {
    const [accountId, sessionId, id] = [this.text(22), this.text(22), this.text(22)];
    const nameHash = this.text(43);
    const nowMs = this.clock.now();
    const [opened] = openAccount(undefined, { nowMs, nameHash, credential: 'c' }).events;
    const before = { account: carriedAccount(opened as Fact), revision: 0 };
    const linkedAt = new Date(nowMs).toISOString();
    const device = { id, jkt: this.text(43), clientId: 'demo-phone', linkedAt };
    const [linked] = linkDevice(before, { device, marker: 0 }).events;
    const account = carriedAccount(linked as Fact) as AccountState;
    const started = this.started({ accountId, sessionId, account });
    const facts: readonly (readonly [string, Fact])[] = [
      [streams.account(accountId), opened as Fact],
      [streams.account(accountId), linked as Fact],
      [streams.session(sessionId), started],
    ];
    const appended = facts.map(([stream, fact]) => this.append(stream, accountId, fact));
    const session = carriedSession(started) as SessionState;
    return { person: { accountId, sessionId, account, session }, appended };
  }

  private started(person: Omit<MadePerson, 'session'>): Fact {
    const { accountId, sessionId, account } = person;
    const [device] = account.devices;
    const nowMs = this.clock.now();
    const grant = {
      sessionId,
      accountId,
      clientId: 'demo-phone',
      scope: 'offline_access profile',
      marker: { account: 1, cutoffs: -1 },
      authTimeMs: nowMs,
      acr: 'pwd',
      amr: ['pwd'],
    };
    const key = { jkt: device?.jkt ?? '', deviceId: device?.id ?? '', proofHash: this.text(16) };
    const decision = startSession(
      { session: undefined, started: undefined, account, cutoffs: noCutoffs },
      {
        nowMs,
        grant,
        policy,
        key: { ...key, nonceTimeMs: nowMs },
        token: { fingerprint: this.text(43), keyId: '5f1c0a7e' },
        appVersion: '4.2.0',
      },
    );
    if (decision.kind !== 'started') throw new Error(`a session was ${decision.kind}`);
    return decision.events[0] as Fact;
  }

  /** Refreshes the session from the country. */
  refresh(person: MadePerson, country = 'CH'): Promise<Appended> {
    const nowMs = this.clock.now();
    const { accountId, sessionId, account, session } = person;
    const { generation, fingerprint, jkt = '' } = session;
    const proof = { thumbprint: jkt, proofHash: this.text(16), nonceTimeMs: nowMs, namesToken: true };
    const decision = rotate(
      { sessionId, session, account, cutoffs: noCutoffs },
      {
        nowMs,
        clientId: 'demo-phone',
        presented: { generation, fingerprint },
        policy,
        proof: { ...proof, attemptHash: this.text(16) },
        successor: { fingerprint: this.text(43), keyId: '5f1c0a7e' },
        network: { country, asn: 3303, kind: 'mobile', ipTag: this.text(16) },
        appVersion: '4.2.0',
      },
    );
    const event = 'events' in decision ? decision.events[0] : undefined;
    if (event === undefined) throw new Error('a refresh was refused');
    person.session = carriedSession(event) as SessionState;
    return this.append(streams.session(sessionId), accountId, event);
  }

  private append(stream: string, partitionKey: string, { type, data }: Fact): Promise<Appended> {
    const ids = { id: this.uuid(), correlationId: this.text(22), causationId: this.uuid(), partitionKey };
    const event: EventDraft = {
      ...ids,
      type,
      schemaVersion: 1,
      actor: { kind: 'user', id: partitionKey },
      data: data as JsonObject,
    };
    const expected = type === 'account.opened' || type === 'session.started' ? -1 : this.revisionOf(data);
    return this.store.append({ stream, expected, events: [event], guards: [] });
  }

  /** Where the stream of the event stood before it: sessions here only rotate, accounts link one device. */
  private revisionOf(data: object): number {
    const { state } = data as { readonly state: { readonly generation?: number } };
    return (state.generation ?? 1) - 1;
  }

  private text(length: number): string {
    return Array.from({ length }, () => letters[this.random.below(64)]).join('');
  }

  private uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.random.below(16).toString(16)).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}

function shuffled(people: readonly MadePerson[], random: Random): MadePerson[] {
  const order = [...people];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] as MadePerson, order[at] as MadePerson];
  }
  return order;
}
