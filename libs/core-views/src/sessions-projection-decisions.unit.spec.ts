// What graded decisions, journeys and trust do to the rows of the projection `sessions`.
import {
  fileTravelNotice,
  flagSession,
  holdSensitiveActions,
  linkDevice,
  releaseHold,
  requireReauthentication,
  revokeDevice,
  streams,
  trustDevice,
  withdrawTravelNotice,
} from '@sallyport/core-session';
import type { AccountAt, AccountDecision, AccountState, SessionState } from '@sallyport/core-session';
import { accountEvents, aliceId, keyBoundStarted, openedMs, phone, phoneKey } from '@sallyport/testing';
import { sessionId } from '@sallyport/testing';
import { sessionsProjection } from './index.js';
import type { AccountRow, DeviceRow, SessionRow, ViewEvent, ViewHandler, ViewRecord } from './index.js';

type Fact = { readonly type: string; readonly data: object };

/** Alice's rows, folded event by event. */
class Rows {
  private readonly rows = new Map<string, ViewRecord>();
  private revision = -1;

  constructor() {
    this.fold(streams.account(aliceId), accountEvents);
  }

  fold(stream: string, facts: readonly Fact[]): string[] {
    for (const { type, data } of facts) {
      this.revision += 1;
      const place = { id: `e${this.revision}`, stream, revision: this.revision, recordedAt: 'now' };
      const order = { position: `${this.revision}`, partitionKey: aliceId };
      const event: ViewEvent = { ...place, ...order, type, data, actor: { kind: 'rule' } };
      const handlers = sessionsProjection.handlers as { readonly [type: string]: ViewHandler };
      handlers[type]?.apply(event, {
        get: (view, key) => this.rows.get(`${view} ${key}`),
        put: (view, row) => void this.rows.set(`${view} ${row.key}`, row),
      });
    }
    return facts.map(({ type }) => type);
  }

  account(decide: (at: AccountAt) => AccountDecision): string[] {
    const { state: account, revision } = this.body<AccountRow>(`account ${aliceId}`);
    return this.fold(streams.account(aliceId), decide({ account, revision }).events);
  }

  get state(): AccountState {
    return this.body<AccountRow>(`account ${aliceId}`).state;
  }

  body<B>(key: string): B {
    return this.rows.get(key)?.body as B;
  }
}

const reason = 'impossible travel';
const hold = { id: 'hold', reason };
const journey = { nowMs: openedMs, id: 'n', fromMs: openedMs, untilMs: openedMs + 1000, countries: ['IT'] };
const by = { filedBySession: sessionId, filedByDevice: phone.id };

describe("the account's row", () => {
  it('account.sensitive-actions-held and account.hold-released move its holds', () => {
    const rows = new Rows();
    const held = rows.account((at) => holdSensitiveActions(at, { hold }));
    expect(held).toEqual(['account.sensitive-actions-held']);
    expect(rows.state.holds).toMatchObject([hold]);
    expect(rows.account((at) => releaseHold(at, { cause: 'rule' }))).toEqual(['account.hold-released']);
    expect(rows.state).not.toHaveProperty('holds');
  });

  it('account.reauthentication-required ends its sessions', () => {
    const rows = new Rows();
    rows.account((at) => requireReauthentication(at, { reason }));
    expect(rows.state.ends).toMatchObject({ fact: 'reauthentication_required' });
  });

  it('account.travel-notice-filed and account.travel-notice-withdrawn move its journeys', () => {
    const rows = new Rows();
    rows.account((at) => fileTravelNotice(at, { ...journey, ...by }));
    expect(rows.state.travel).toMatchObject([{ id: 'n', countries: ['IT'] }]);
    rows.account((at) => withdrawTravelNotice(at, { noticeId: 'n' }));
    expect(rows.state).not.toHaveProperty('travel');
  });

  it('account.device-trusted moves its trusted devices', () => {
    const rows = new Rows();
    const trust = { deviceId: phone.id, bySession: sessionId, byDevice: phone.id };
    rows.account((at) => trustDevice(at, { ...trust, trusted: true }));
    expect(rows.state.trustedDevices).toEqual([trust]);
  });
});

describe("a device's row", () => {
  it('says lost once the device is reported lost after it was revoked, and so does its successor', () => {
    const rows = new Rows();
    const status = (id: string) => rows.body<DeviceRow>(`device ${id}`).status;
    rows.account((at) => revokeDevice(at, { deviceId: phone.id, cause: 'user' }));
    expect(status(phone.id)).toBe('revoked');
    rows.account((at) => linkDevice(at, { device: { ...phone, id: 'again' }, marker: at.revision }));
    rows.account((at) => revokeDevice(at, { deviceId: phone.id, cause: 'lost', jkt: phoneKey }));
    expect([status(phone.id), status('again')]).toEqual(['lost', 'lost']);
  });
});

describe("a session's row", () => {
  it('session.flagged flags it, and is no activity', () => {
    const rows = new Rows();
    rows.fold(streams.session(sessionId), [keyBoundStarted]);
    const key = `session ${sessionId}`;
    const { state } = rows.body<SessionRow>(key);
    const session = state satisfies SessionState;
    rows.fold(streams.session(sessionId), flagSession({ session, account: undefined }, { flag: 'anomaly' }));
    expect(rows.body<SessionRow>(key).state.flags).toEqual(['anomaly']);
  });
});
