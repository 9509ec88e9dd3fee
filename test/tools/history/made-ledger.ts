// Makes a ledger of any size by the deciders themselves, to measure what is done with whole ledgers.
import { carriedAccount, carriedSession, linkDevice, noCutoffs, openAccount } from '@sallyport/core-session';
import { rotate, startSession, streams } from '@sallyport/core-session';
import type { AccountState, SessionPolicy, SessionState } from '@sallyport/core-session';
import { SqliteEventStore } from '@sallyport/adapter-sqlite';
import type { Appended, EventDraft, JsonObject } from '@sallyport/engine';
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

interface Person {
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
  const maker = new Maker(wanted);
  try {
    await maker.make();
  } finally {
    await maker.close();
  }
}

class Maker {
  private nowMs = startMs;
  private made = 0;
  private readonly random: Random;
  private readonly store: SqliteEventStore;
  private waiting: Promise<Appended>[] = [];

  constructor(private readonly wanted: MadeLedger) {
    this.random = new Random(wanted.seed);
    const clock = { now: () => this.nowMs };
    this.store = SqliteEventStore.open({ file: wanted.file, clock, synchronous: 'OFF' });
  }

  async make(): Promise<void> {
    const { events, eventsPerSession } = this.wanted;
    const people: Person[] = [];
    for (let left = Math.ceil(events / (eventsPerSession + 2)); left > 0; left -= 1) {
      people.push(await this.arrive());
    }
    for (let round = 1; round < eventsPerSession; round += 1) {
      for (const person of this.shuffled(people)) await this.refresh(person);
    }
    await this.flush();
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private async arrive(): Promise<Person> {
    const [accountId, sessionId, id] = [this.text(22), this.text(22), this.text(22)];
    const nameHash = this.text(43);
    const [opened] = openAccount(undefined, { nowMs: this.nowMs, nameHash, credential: 'c' }).events;
    const before = { account: carriedAccount(opened as Fact), revision: 0 };
    const linkedAt = new Date(this.nowMs).toISOString();
    const device = { id, jkt: this.text(43), clientId: 'demo-phone', linkedAt };
    const [linked] = linkDevice(before, { device, marker: 0 }).events;
    await this.append(streams.account(accountId), accountId, opened as Fact);
    await this.append(streams.account(accountId), accountId, linked as Fact);
    const account = carriedAccount(linked as Fact) as AccountState;
    const session = await this.start({ accountId, sessionId, account });
    return { accountId, sessionId, account, session };
  }

  private async start(person: Omit<Person, 'session'>): Promise<SessionState> {
    const { accountId, sessionId, account } = person;
    const [device] = account.devices;
    const grant = {
      sessionId,
      accountId,
      clientId: 'demo-phone',
      scope: 'offline_access profile',
      marker: { account: 1, cutoffs: -1 },
      authTimeMs: this.nowMs,
      acr: 'pwd',
      amr: ['pwd'],
    };
    const key = { jkt: device?.jkt ?? '', deviceId: device?.id ?? '', proofHash: this.text(16) };
    const decision = startSession(
      { session: undefined, started: undefined, account, cutoffs: noCutoffs },
      {
        nowMs: this.nowMs,
        grant,
        policy,
        key: { ...key, nonceTimeMs: this.nowMs },
        token: { fingerprint: this.text(43), keyId: '5f1c0a7e' },
        appVersion: '4.2.0',
      },
    );
    if (decision.kind !== 'started') throw new Error(`a session was ${decision.kind}`);
    await this.append(streams.session(sessionId), accountId, decision.events[0] as Fact);
    return carriedSession(decision.events[0] as Fact) as SessionState;
  }

  private async refresh(person: Person): Promise<void> {
    const { accountId, sessionId, account, session } = person;
    const { generation, fingerprint, jkt = '' } = session;
    const proof = { thumbprint: jkt, proofHash: this.text(16), nonceTimeMs: this.nowMs, namesToken: true };
    const decision = rotate(
      { sessionId, session, account, cutoffs: noCutoffs },
      {
        nowMs: this.nowMs,
        clientId: 'demo-phone',
        presented: { generation, fingerprint },
        policy,
        proof: { ...proof, attemptHash: this.text(16) },
        successor: { fingerprint: this.text(43), keyId: '5f1c0a7e' },
        network: { country: 'CH', asn: 3303, kind: 'mobile', ipTag: this.text(16) },
        appVersion: '4.2.0',
      },
    );
    const event = 'events' in decision ? decision.events[0] : undefined;
    if (event === undefined) throw new Error('a refresh was refused');
    await this.append(streams.session(sessionId), accountId, event);
    person.session = carriedSession(event) as SessionState;
  }

  private async append(stream: string, partitionKey: string, { type, data }: Fact): Promise<void> {
    this.nowMs += 5;
    const ids = { id: this.uuid(), correlationId: this.text(22), causationId: this.uuid(), partitionKey };
    const event: EventDraft = {
      ...ids,
      type,
      schemaVersion: 1,
      actor: { kind: 'user', id: partitionKey },
      data: data as JsonObject,
    };
    const expected = type === 'account.opened' || type === 'session.started' ? -1 : this.revisionOf(data);
    this.waiting.push(this.store.append({ stream, expected, events: [event], guards: [] }));
    if (this.waiting.length >= groupSize) await this.flush();
  }

  /** Where the stream of the event stood before it: sessions here only rotate, accounts link one device. */
  private revisionOf(data: object): number {
    const { state } = data as { readonly state: { readonly generation?: number } };
    return (state.generation ?? 1) - 1;
  }

  private async flush(): Promise<void> {
    await Promise.all(this.waiting);
    this.made += this.waiting.length;
    this.waiting = [];
    this.wanted.progressed?.(this.made);
  }

  private shuffled(people: readonly Person[]): Person[] {
    const order = [...people];
    for (let at = order.length - 1; at > 0; at -= 1) {
      const other = this.random.below(at + 1);
      [order[at], order[other]] = [order[other] as Person, order[at] as Person];
    }
    return order;
  }

  private text(length: number): string {
    return Array.from({ length }, () => letters[this.random.below(64)]).join('');
  }

  private uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.random.below(16).toString(16)).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}
