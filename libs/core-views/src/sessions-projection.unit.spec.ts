// What each event does to the rows of the projection `sessions`, and that no event type is forgotten.
import {
  changePassword,
  declareCutoff,
  eraseAccount,
  eventCatalogue,
  linkDevice,
  lockAccount,
  noCutoffs,
  openAccount,
  reuseDetected,
  revokeAllSessions,
  revokeDevice,
  revokeSession,
  rotate,
  sessionStanding,
  staleTokenPresented,
  startSession,
  unlockAccount,
} from '@sallyport/core-session';
import type { AccountDecision, AccountState, RotateRefresh, SessionState } from '@sallyport/core-session';
import { sessionsProjection } from './index.js';
import type { AccountRow, CutoffsRow, DeviceRow, SessionRow, ViewEvent, ViewHandler, ViewRecord } from './index.js';

const nowMs = Date.parse('2026-11-22T12:00:00.000Z');
const at = (second: number): string => new Date(nowMs + second * 1000).toISOString();
const policy = {
  idleSeconds: 3600,
  absoluteSeconds: 86_400,
  graceSeconds: 0,
  accessTokenSeconds: 300,
  wrongKeyEndsSession: false,
  staleTokenEndsSession: false,
};

/** A ledger of one account and one session: decides, folds, and shows the rows. */
class Ledger {
  readonly rows = new Map<string, ViewRecord>();
  private readonly heads = new Map<string, number>();
  private count = 0;

  /** Folds the facts, one a second from 12:00:00 on, as the engine would. */
  fold(stream: string, facts: readonly { type: string; data: object }[], personal?: string): void {
    for (const { type, data } of facts) {
      const revision = (this.heads.get(stream) ?? -1) + 1;
      this.heads.set(stream, revision);
      const event: ViewEvent = JSON.parse(
        JSON.stringify({
          id: `e${this.count}`,
          stream,
          revision,
          recordedAt: at(this.count),
          type,
          data,
          personal,
          actor: { kind: 'user' },
        }),
      );
      this.count += 1;
      this.apply(event);
    }
  }

  account(decide: (at: { account: AccountState | undefined; revision: number }) => AccountDecision): this {
    const row = this.body<AccountRow>('account a1');
    const decision = decide({ account: row?.state, revision: row?.revision ?? -1 });
    expect(decision.refusal).toBeUndefined();
    this.fold('account-a1', decision.events);
    return this;
  }

  body<B>(key: string): B | undefined {
    return this.rows.get(key)?.body as B | undefined;
  }

  get session(): SessionRow {
    return this.body<SessionRow>('session s1') as SessionRow;
  }

  get device(): DeviceRow {
    return this.body<DeviceRow>('device d1') as DeviceRow;
  }

  get accountRow(): AccountRow {
    return this.body<AccountRow>('account a1') as AccountRow;
  }

  private apply(event: ViewEvent): void {
    const handler = (sessionsProjection.handlers as { readonly [type: string]: ViewHandler | undefined })[event.type];
    const touched = new Set(handler?.touches(event).map(({ view, key }) => `${view} ${key}`));
    const check = (id: string): string => {
      expect(touched).toContain(id);
      return id;
    };
    handler?.apply(event, {
      get: (view, key) => this.rows.get(check(`${view} ${key}`)),
      put: (view, row) => this.rows.set(check(`${view} ${row.key}`), row),
    });
  }
}

function opened(): Ledger {
  return new Ledger().account(({ account }) => openAccount(account, { nowMs, nameHash: 'n', credential: 'c' }));
}

function linked(): Ledger {
  const device = { id: 'd1', jkt: 'k1', clientId: 'phone', linkedAt: at(0) };
  const ledger = opened();
  const { state, revision } = ledger.accountRow;
  const decision = linkDevice({ account: state, revision }, { device, marker: 0 });
  ledger.fold('account-a1', decision.events, 'sealed-device');
  return ledger;
}

/** 12:00:00 opened, :01 linked, :02 started. */
function started(): Ledger {
  const ledger = linked();
  const decision = startSession(
    { session: undefined, started: undefined, account: ledger.accountRow.state, cutoffs: noCutoffs },
    {
      nowMs: nowMs + 2000,
      grant: {
        sessionId: 's1',
        accountId: 'a1',
        clientId: 'phone',
        scope: 'offline_access',
        marker: { account: 0, cutoffs: -1 },
        authTimeMs: nowMs,
        acr: 'password',
        amr: ['pwd'],
      },
      policy,
      token: { fingerprint: 'f0', keyId: 'r1' },
      key: { jkt: 'k1', deviceId: 'd1', proofHash: 'p0', nonceTimeMs: nowMs + 1000 },
    },
  );
  if (decision.kind !== 'started') throw new Error(decision.kind);
  ledger.fold('session-s1', decision.events, 'sealed-session');
  return ledger;
}

function refresh(ledger: Ledger, generation: number, proofHash: string): void {
  const presented = { generation, fingerprint: `f${generation}` };
  const command: RotateRefresh = {
    nowMs: nowMs + 3000,
    clientId: 'phone',
    presented,
    proof: { thumbprint: 'k1', proofHash, nonceTimeMs: nowMs + 2500, namesToken: true },
    successor: { fingerprint: `f${generation + 1}`, keyId: 'r1' },
    policy,
  };
  const { state: session } = ledger.session;
  const state = { sessionId: 's1', session, account: ledger.accountRow.state, cutoffs: noCutoffs };
  const decision = rotate(state, command);
  if (decision.kind !== 'rotate' && decision.kind !== 'retry') throw new Error(decision.kind);
  ledger.fold('session-s1', decision.events);
}

const standing = (ledger: Ledger) =>
  sessionStanding(
    {
      sessionId: 's1',
      session: ledger.session.state,
      account: ledger.accountRow.state,
      cutoffs: ledger.body<CutoffsRow>('cutoffs cutoffs')?.state ?? noCutoffs,
    },
    nowMs + 4000,
  );

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
  it('account.opened makes the account\'s row', () => {
    const { rows, accountRow } = opened();
    expect([...rows.keys()]).toEqual(['account a1']);
    expect(accountRow).toMatchObject({ revision: 0, state: { status: 'open', nameHash: 'n' } });
  });

  it('account.device-linked makes the device\'s row, its personal part sealed with its place', () => {
    const { device, accountRow } = linked();
    expect(device).toEqual({
      clientId: 'phone',
      jkt: 'k1',
      linkedAt: at(0),
      status: 'linked',
      personal: { stream: 'account-a1', eventId: 'e1', sealed: 'sealed-device' },
    });
    expect(accountRow.state.devices).toHaveLength(1);
  });

  it.each([
    ['user', 'revoked'],
    ['handed_over', 'lost'],
    ['lost', 'lost'],
  ] as const)('account.device-revoked for %s marks the device %s and ends its session', (cause, status) => {
    const ledger = started().account((at) => revokeDevice(at, { deviceId: 'd1', cause }));
    expect(ledger.device).toMatchObject({ status, revokedAt: at(3), revokedFor: cause, jkt: 'k1' });
    expect(standing(ledger)).toEqual({ status: 'ended', reason: 'device_revoked' });
  });

  it('account.password-changed ends the sessions it does not spare', () => {
    const spared = started().account((at) => changePassword(at, { credential: 'c', except: 's1' }));
    expect(standing(spared)).toEqual({ status: 'active' });
    const ended = started().account((at) => changePassword(at, { credential: 'c', except: 's2' }));
    expect(standing(ended)).toEqual({ status: 'ended', reason: 'password_changed' });
  });

  it('account.all-sessions-revoked ends the session without a write to its row', () => {
    const ledger = started();
    const before = ledger.session;
    ledger.account((at) => revokeAllSessions(at, {}));
    expect(ledger.session).toBe(before);
    expect(standing(ledger)).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('account.locked ends the session, and account.unlocked does not revive it', () => {
    const ledger = started().account((at) => lockAccount(at, { reason: 'r' }));
    expect(standing(ledger)).toEqual({ status: 'ended', reason: 'locked' });
    ledger.account((at) => unlockAccount(at, { reason: 'r' }));
    expect(ledger.accountRow).toMatchObject({ revision: 3, state: { status: 'open' } });
    expect(standing(ledger)).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('account.erased closes the account', () => {
    const ledger = started().account((at) => eraseAccount(at, {}));
    expect(standing(ledger)).toEqual({ status: 'ended', reason: 'closed' });
  });
});

describe('session events', () => {
  it('session.started makes the session\'s row, its personal part sealed with its place', () => {
    const { session, rows } = started();
    expect(rows.get('session s1')?.owner).toBe('a1');
    expect(session).toMatchObject({
      state: { generation: 0, deviceId: 'd1' },
      lastActiveAt: at(2),
      personal: { stream: 'session-s1', eventId: 'e2', sealed: 'sealed-session' },
    });
    expect(session.ended).toBeUndefined();
  });

  it('session.refresh-rotated moves generation and activity, and keeps the personal part', () => {
    const ledger = started();
    refresh(ledger, 0, 'p1');
    expect(ledger.session).toMatchObject({
      state: { generation: 1, fingerprint: 'f1' },
      lastActiveAt: at(3),
      personal: { sealed: 'sealed-session' },
    });
  });

  it('session.rotation-retried counts as activity', () => {
    const ledger = started();
    refresh(ledger, 0, 'p1');
    refresh(ledger, 0, 'p2');
    expect(ledger.session).toMatchObject({ state: { generation: 1, retries: 1 }, lastActiveAt: at(4) });
  });

  it('session.stale-token-presented flags the session and is no activity', () => {
    const ledger = started();
    const { state } = ledger.session;
    ledger.fold('session-s1', [staleTokenPresented(state, { presented: 0 }, { count: 1 })]);
    expect(ledger.session).toMatchObject({ state: { flags: ['stale_token'] }, lastActiveAt: at(2) });
    expect(standing(ledger)).toEqual({ status: 'active' });
  });

  it('session.reuse-detected ends the session where it says so', () => {
    const ledger = started();
    const { state } = ledger.session;
    ledger.fold('session-s1', [reuseDetected(state, { cause: 'superseded', presented: 0 }, 1, true)]);
    expect(ledger.session).toMatchObject({
      lastActiveAt: at(2),
      ended: { at: at(3), cause: 'token_reused', by: 'user' },
    });
    expect(standing(ledger)).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('session.revoked, which carries no state, ends what the row holds, and the first end stays', () => {
    const ledger = started();
    const ended = revokeSession(ledger.session.state, { cause: 'user' });
    ledger.fold('session-s1', [...ended, ...ended]);
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
    expect(ledger.body<CutoffsRow>('cutoffs cutoffs')).toEqual({ revision: 0, state: { v: 1, all: 0 } });
    expect(standing(ledger)).toEqual({ status: 'ended', reason: 'cut_off' });
  });
});
