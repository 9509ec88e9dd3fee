// Travel notices and trusted devices: what can be told ahead, within which bounds, and by whom.
import {
  accountEvents,
  dayMs,
  given,
  openedMs,
  otherKey,
  otherSessionId,
  phone,
  sessionId,
} from '@sallyport/testing';
import type { Given, Outcome } from '@sallyport/testing';
import { lockAccount } from './account-enforcement.js';
import type { AccountState } from './account-events.js';
import { linkDevice, revokeDevice } from './account.js';
import type { AccountAt, AccountDecision } from './account.js';
import { liveNotices, travelLimits } from './account-travel.js';
import { accountFold } from './folds.js';
import { isStrongAuthentication } from './policy.js';
import * as decide from './travel-decisions.js';

type Account = AccountState | undefined;
type Decided = Outcome<Account, AccountDecision>;

const nobody = given(accountFold);
const alice = given(accountFold, ...accountEvents);
const nowMs = openedMs + dayMs;
const inDays = (days: number) => nowMs + days * dayMs;
const journey: decide.FileTravelNoticeOrder = {
  nowMs,
  id: 'notice',
  fromMs: inDays(2),
  untilMs: inDays(9),
  countries: ['IT', 'SI'],
  filedBySession: sessionId,
  filedByDevice: phone.id,
};
const order = (from: Given<Account>, decision: (at: AccountAt) => AccountDecision): Decided =>
  from.when((state, revision) => decision({ account: state, revision }));
const file = (from: Given<Account>, changes: Partial<decide.FileTravelNoticeOrder> = {}): Decided =>
  order(from, (at) => decide.fileTravelNotice(at, { ...journey, ...changes }));
const withdraw = (from: Given<Account>, noticeId = 'notice'): Decided =>
  order(from, (at) => decide.withdrawTravelNotice(at, { noticeId }));
const lock = (from: Given<Account>): Decided => order(from, (at) => lockAccount(at, { reason: 'asked' }));

describe('filing a travel notice', () => {
  it('says when, where to, and which session and device told it', () => {
    expect(file(alice).happens('account.travel-notice-filed').state?.travel).toEqual([
      {
        id: 'notice',
        from: new Date(inDays(2)).toISOString(),
        until: new Date(inDays(9)).toISOString(),
        countries: ['IT', 'SI'],
        filedAt: new Date(nowMs).toISOString(),
        filedBySession: sessionId,
        filedByDevice: phone.id,
      },
    ]);
  });

  it('excuses nothing that was: an earlier beginning is now', () => {
    const [filed] = file(alice, { fromMs: inDays(-3), countries: ['IT', 'IT'] }).state?.travel ?? [];
    expect(filed).toMatchObject({ from: new Date(nowMs).toISOString(), countries: ['IT'] });
  });

  it.each([
    ['ends before it begins', { untilMs: inDays(2) }],
    ['is over', { fromMs: inDays(-3), untilMs: nowMs }],
    ['lasts too long', { fromMs: nowMs, untilMs: inDays(travelLimits.days) + 1 }],
    ['begins too far ahead', { fromMs: inDays(travelLimits.daysAhead) + 1, untilMs: inDays(400) }],
    ['has no time', { untilMs: Number.NaN }],
  ])('is refused when it %s', (_how, changes) => {
    file(alice, changes).isRefused({ refusal: 'travel_period_invalid' });
  });

  it.each([[[]], [['it']], [['ITA']], [Array.from({ length: 11 }, (_, n) => `A${'ABCDEFGHIJK'[n]}`)]])(
    'is refused for the countries %j',
    (countries) => {
      file(alice, { countries }).isRefused({ refusal: 'travel_countries_invalid' });
    },
  );

  it('is refused beyond five that are live; one that has ended makes room and is dropped', () => {
    let from: Given<Account> = alice;
    for (let n = 0; n < travelLimits.liveNotices; n += 1)
      from = file(from, { id: `n${n}`, untilMs: inDays(3 + n) });
    file(from).isRefused({ refusal: 'too_many_travel_notices' });
    expect(liveNotices(from.state ?? {}, inDays(4))).toHaveLength(3);
    const later = file(from, { nowMs: inDays(3), fromMs: inDays(5) }).happens('account.travel-notice-filed');
    expect(later.state?.travel?.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3', 'n4', 'notice']);
  });

  it('is refused from a device that is not linked, and unless the account is open', () => {
    file(alice, { filedByDevice: 'unknown' }).isRefused({ refusal: 'device_unknown' });
    file(nobody).isRefused({ refusal: 'account_unknown' });
    file(lock(alice)).isRefused({ refusal: 'account_not_open' });
  });
});

describe('taking a notice back', () => {
  it('removes it, and only what is there', () => {
    const two = file(file(alice), { id: 'other' });
    const left = withdraw(two).happens('account.travel-notice-withdrawn').state?.travel;
    expect(left?.map(({ id }) => id)).toEqual(['other']);
    expect(withdraw(file(alice)).state).not.toHaveProperty('travel');
    withdraw(alice).isRefused({ refusal: 'travel_notice_unknown' });
    withdraw(lock(file(alice))).isRefused({ refusal: 'account_not_open' });
  });
});

describe('trusting a device', () => {
  const tablet = { ...phone, id: 'tablet', jkt: otherKey };
  const both = order(alice, (at) => linkDevice(at, { device: tablet, marker: 1 }));
  const byPhone = { deviceId: tablet.id, bySession: sessionId, byDevice: phone.id };
  const trust = (from: Given<Account>, changes: object = {}): Decided =>
    order(from, (at) => decide.trustDevice(at, { ...byPhone, trusted: true, ...changes }));

  it('notes which session and device vouch for it', () => {
    expect(trust(both).happens('account.device-trusted').state?.trustedDevices).toEqual([byPhone]);
  });

  it('is news from another session, and quiet from the same one', () => {
    trust(trust(both)).staysQuiet();
    const other = trust(trust(both), { bySession: otherSessionId }).happens('account.device-trusted');
    expect(other.state?.trustedDevices).toEqual([{ ...byPhone, bySession: otherSessionId }]);
  });

  it('can be taken back, once', () => {
    const untrusted = trust(trust(both), { trusted: false }).happens('account.device-trusted');
    expect(untrusted.state).not.toHaveProperty('trustedDevices');
    trust(untrusted, { trusted: false }).staysQuiet();
  });

  it('ends with the device', () => {
    const gone = order(trust(both), (at) => revokeDevice(at, { deviceId: tablet.id, cause: 'user' }));
    expect(gone.state).not.toHaveProperty('trustedDevices');
  });

  it('is refused for and by devices that are not linked, and unless the account is open', () => {
    trust(both, { deviceId: 'unknown' }).isRefused({ refusal: 'device_unknown' });
    trust(both, { byDevice: 'unknown' }).isRefused({ refusal: 'device_unknown' });
    trust(lock(both)).isRefused({ refusal: 'account_not_open' });
  });
});

describe('a strong authentication', () => {
  it('is a password within five minutes on a device with a key', () => {
    const by = { deviceId: phone.id, amr: ['pwd'], authTimeMs: nowMs - 300_000 };
    expect(isStrongAuthentication(by, nowMs)).toBe(true);
    expect(isStrongAuthentication(by, nowMs + 1)).toBe(false);
    expect(isStrongAuthentication({ ...by, deviceId: undefined }, nowMs)).toBe(false);
    expect(isStrongAuthentication({ ...by, amr: ['otp'] }, nowMs)).toBe(false);
  });
});
