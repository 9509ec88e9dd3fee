// What each event does to the rows of the projection `sessions`, and that no event type is forgotten.
import {
  changePassword,
  declareCutoff,
  eraseAccount,
  eventCatalogue,
  lockAccount,
  noCutoffs,
  reuseDetected,
  revokeAllSessions,
  revokeDevice,
  revokeSession,
  rotate,
  sessionStanding,
  staleTokenPresented,
  streams,
  unlockAccount,
} from '@sallyport/core-session';
import type { AccountDecision, AccountState, SessionState, Standing } from '@sallyport/core-session';
import {
  accountEvents,
  aliceId,
  fingerprintOf,
  keyBoundStarted,
  nameHash,
  phone,
  phoneKey,
  refreshOf,
  sessionId,
  startedMs,
} from '@sallyport/testing';
import { sessionsProjection } from './index.js';
import type {
  AccountRow,
  CutoffsRow,
  DeviceRow,
  SessionRow,
  ViewEvent,
  ViewHandler,
  ViewRecord,
} from './index.js';

const accountStream = streams.account(aliceId);
const sessionStream = streams.session(sessionId);

/** The store's time of the n-th event of a ledger below, from 0. */
function at(n: number): string {
  return new Date(startedMs + n * 1000).toISOString();
}

/** Alice's ledger with its rows: folds each fact as the engine would, in rows it was told of only. */
class Ledger {
  readonly rows = new Map<string, ViewRecord>();
  private readonly heads = new Map<string, number>();
  private count = 0;

  fold(stream: string, facts: readonly { type: string; data: object }[], personal?: string): this {
    for (const { type, data } of facts) {
      const revision = (this.heads.get(stream) ?? -1) + 1;
      this.heads.set(stream, revision);
      const order = { position: `${this.count + 1}`, partitionKey: aliceId, recordedAt: at(this.count) };
      const place = { id: `e${this.count}`, stream, revision, ...order };
      const event = { ...place, type, data, personal, actor: { kind: 'user' } };
      this.count += 1;
      this.apply(JSON.parse(JSON.stringify(event)) as ViewEvent);
    }
    return this;
  }

  account(decide: (at: { account: AccountState; revision: number }) => AccountDecision): this {
    const { state, revision } = this.accountRow;
    return this.fold(accountStream, decide({ account: state, revision }).events);
  }

  get accountRow(): AccountRow {
    return this.body(`account ${aliceId}`) as AccountRow;
  }

  get session(): SessionRow {
    return this.body(`session ${sessionId}`) as SessionRow;
  }

  get device(): DeviceRow {
    return this.body(`device ${phone.id}`) as DeviceRow;
  }

  get cutoffs(): CutoffsRow | undefined {
    return this.body('cutoffs cutoffs') as CutoffsRow | undefined;
  }

  get standing(): Standing {
    const { state: session } = this.session;
    const { state: account } = this.accountRow;
    const cutoffs = this.cutoffs?.state ?? noCutoffs;
    return sessionStanding({ sessionId, session, account, cutoffs }, startedMs + 4000);
  }

  private body(key: string): unknown {
    return this.rows.get(key)?.body;
  }

  private apply(event: ViewEvent): void {
    const handlers = sessionsProjection.handlers as { readonly [type: string]: ViewHandler };
    const handler = handlers[event.type] as ViewHandler;
    const touched = handler.touches(event).map(({ view, key }) => `${view} ${key}`);
    const checked = (id: string): string => {
      expect(touched).toContain(id);
      return id;
    };
    handler.apply(event, {
      get: (view, key) => this.rows.get(checked(`${view} ${key}`)),
      put: (view, row) => this.rows.set(checked(`${view} ${row.key}`), row),
    });
  }
}

const [openedFact, linkedFact] = accountEvents;

/** Account opened, phone linked, session started: events 0, 1 and 2. */
function started(): Ledger {
  return new Ledger()
    .fold(accountStream, [openedFact])
    .fold(accountStream, [linkedFact], 'sealed-device')
    .fold(sessionStream, [keyBoundStarted], 'sealed-session');
}

/** A refresh with the token of the generation, decided on the row. */
function refresh(ledger: Ledger, generation: number, second: number): void {
  const state = { sessionId, session: ledger.session.state, cutoffs: noCutoffs };
  const decision = rotate(
    { ...state, account: ledger.accountRow.state },
    refreshOf(generation, startedMs + second * 1000),
  );
  ledger.fold(sessionStream, 'events' in decision ? decision.events : []);
}

describe('the events it knows', () => {
  const handled = Object.keys(sessionsProjection.handlers);
  const ignored = Object.keys(sessionsProjection.ignored);

  it('are all there are, each either handled or ignored with a reason', () => {
    expect([...handled, ...ignored].sort()).toEqual(Object.keys(eventCatalogue).sort());
    expect(handled.filter((type) => ignored.includes(type))).toEqual([]);
    for (const reason of Object.values(sessionsProjection.ignored)) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
  });
});

describe('account events', () => {
  it("account.opened makes the account's row", () => {
    const { rows, accountRow } = new Ledger().fold(accountStream, [openedFact]);
    expect([...rows.keys()]).toEqual([`account ${aliceId}`]);
    expect(accountRow).toMatchObject({ revision: 0, state: { status: 'open', nameHash } });
  });

  it("account.device-linked makes the device's row, its personal part sealed with its place", () => {
    const { device, accountRow } = started();
    expect(device).toEqual({
      clientId: 'demo-phone',
      jkt: phoneKey,
      linkedAt: phone.linkedAt,
      status: 'linked',
      personal: { stream: accountStream, eventId: 'e1', sealed: 'sealed-device' },
    });
    expect(accountRow.state.devices).toHaveLength(1);
  });

  it.each([
    ['user', 'revoked'],
    ['handed_over', 'lost'],
    ['lost', 'lost'],
  ] as const)('account.device-revoked for %s marks the device %s and ends its session', (cause, status) => {
    const ledger = started().account((at) => revokeDevice(at, { deviceId: phone.id, cause }));
    expect(ledger.device).toMatchObject({ status, revokedAt: at(3), revokedFor: cause, jkt: phoneKey });
    expect(ledger.standing).toEqual({ status: 'ended', reason: 'device_revoked' });
  });

  it('account.password-changed ends the sessions it does not spare', () => {
    const spared = started().account((at) => changePassword(at, { credential: 'c', except: sessionId }));
    expect(spared.standing).toEqual({ status: 'active' });
    const ended = started().account((at) => changePassword(at, { credential: 'c', except: 's2' }));
    expect(ended.standing).toEqual({ status: 'ended', reason: 'password_changed' });
  });

  it('account.all-sessions-revoked ends the session without a write to its row', () => {
    const ledger = started();
    const before = ledger.session;
    ledger.account((at) => revokeAllSessions(at, {}));
    expect(ledger.session).toBe(before);
    expect(ledger.standing).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('account.locked ends the session, and account.unlocked does not revive it', () => {
    const ledger = started().account((at) => lockAccount(at, { reason: 'r' }));
    expect(ledger.standing).toEqual({ status: 'ended', reason: 'locked' });
    ledger.account((at) => unlockAccount(at, { reason: 'r' }));
    expect(ledger.accountRow).toMatchObject({ revision: 3, state: { status: 'open' } });
    expect(ledger.standing).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('account.erased closes the account', () => {
    const ledger = started().account((at) => eraseAccount(at, {}));
    expect(ledger.standing).toEqual({ status: 'ended', reason: 'closed' });
  });
});

describe('session events', () => {
  it("session.started makes the session's row, its personal part sealed with its place", () => {
    const { session, rows } = started();
    expect(rows.get(`session ${sessionId}`)?.owner).toBe(aliceId);
    expect(session).toMatchObject({
      state: { generation: 0, deviceId: phone.id },
      lastActiveAt: at(2),
      personal: { stream: sessionStream, eventId: 'e2', sealed: 'sealed-session' },
    });
    expect(session.ended).toBeUndefined();
  });

  it('session.refresh-rotated moves generation and activity, and keeps the personal part', () => {
    const ledger = started();
    refresh(ledger, 0, 1);
    expect(ledger.session).toMatchObject({
      state: { generation: 1, fingerprint: fingerprintOf(1) },
      lastActiveAt: at(3),
      personal: { sealed: 'sealed-session' },
    });
  });

  it('session.rotation-retried counts as activity', () => {
    const ledger = started();
    refresh(ledger, 0, 1);
    refresh(ledger, 0, 2);
    expect(ledger.session).toMatchObject({ state: { generation: 1, retries: 1 }, lastActiveAt: at(4) });
  });

  it('session.stale-token-presented flags the session and is no activity', () => {
    const ledger = started();
    const { state } = ledger.session;
    ledger.fold(sessionStream, [staleTokenPresented(state, { presented: 0 }, { count: 1 })]);
    expect(ledger.session).toMatchObject({ state: { flags: ['stale_token'] }, lastActiveAt: at(2) });
    expect(ledger.standing).toEqual({ status: 'active' });
  });

  it('session.reuse-detected ends the session where it says so', () => {
    const ledger = started();
    const { state } = ledger.session;
    const reuse = { cause: 'superseded', presented: 0 } as const;
    ledger.fold(sessionStream, [reuseDetected(state, reuse, { count: 1, ends: true })]);
    expect(ledger.session).toMatchObject({
      lastActiveAt: at(2),
      ended: { at: at(3), cause: 'token_reused', by: 'user' },
    });
    expect(ledger.standing).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('session.revoked, which carries no state, ends what the row holds, and the first end stays', () => {
    const ledger = started();
    const ended = revokeSession(ledger.session.state, { cause: 'user' });
    ledger.fold(sessionStream, [...ended, ...ended]);
    expect(ledger.session).toMatchObject({
      state: { status: 'ended', endCause: 'user' } satisfies Partial<SessionState>,
      ended: { at: at(3), cause: 'user', by: 'user' },
    });
  });
});

describe('system events', () => {
  it('cutoffs.declared makes the one row of cutoffs, and ends sessions by their marker', () => {
    const ledger = started();
    ledger.fold('cutoffs', [declareCutoff(noCutoffs, { scope: { kind: 'all' }, reason: 'r' }, 0)]);
    expect(ledger.cutoffs).toEqual({ revision: 0, state: { v: 1, all: 0 } });
    expect(ledger.standing).toEqual({ status: 'ended', reason: 'cut_off' });
  });
});
