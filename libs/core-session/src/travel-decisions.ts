// Decisions about what a person says ahead of time: travel notices, and devices they vouch for.
import { carry, notOpen, nothing, refused } from './account-decision.js';
import type { AccountAt, AccountDecision, AccountRefusal } from './account-decision.js';
import type { AccountState } from './account-events.js';
import { liveNotices, travelLimits } from './account-travel.js';
import type { TrustedDevice } from './account-travel.js';
import { isoTime } from './iso-time.js';
import { dayMs } from './policy.js';

/** A journey as it is told. `fromMs` before now means now: a notice excuses nothing that was. */
export interface FileTravelNoticeOrder {
  readonly nowMs: number;
  readonly id: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly countries: readonly string[];
  readonly filedBySession: string;
  readonly filedByDevice: string;
}

/** Files a travel notice. Pure, like all below. */
export function fileTravelNotice(at: AccountAt, command: FileTravelNoticeOrder): AccountDecision {
  const blocked = notOpen(at.account);
  if (blocked !== undefined) return blocked;
  const account = at.account as AccountState;
  const wrong = wrongNotice(command);
  if (wrong !== undefined) return refused(wrong);
  if (!isLinked(account, command.filedByDevice)) return refused('device_unknown');
  if (liveNotices(account, command.nowMs).length >= travelLimits.liveNotices) {
    return refused('too_many_travel_notices');
  }
  const { id, filedBySession, filedByDevice } = command;
  const notice = {
    id,
    from: isoTime(Math.max(command.fromMs, command.nowMs)),
    until: isoTime(command.untilMs),
    countries: [...new Set(command.countries)],
    filedAt: isoTime(command.nowMs),
    filedBySession,
    filedByDevice,
  };
  return { events: carry(at, { type: 'account.travel-notice-filed', data: { notice } }) };
}

/** Takes a notice back. */
export function withdrawTravelNotice(
  at: AccountAt,
  { noticeId }: { readonly noticeId: string },
): AccountDecision {
  const blocked = notOpen(at.account);
  if (blocked !== undefined) return blocked;
  const { travel = [] } = at.account as AccountState;
  if (!travel.some(({ id }) => id === noticeId)) return refused('travel_notice_unknown');
  return { events: carry(at, { type: 'account.travel-notice-withdrawn', data: { noticeId } }) };
}

/** Notes that the person vouches for one of the linked devices, or does not any more. */
export function trustDevice(
  at: AccountAt,
  command: TrustedDevice & { readonly trusted: boolean },
): AccountDecision {
  const blocked = notOpen(at.account);
  if (blocked !== undefined) return blocked;
  const account = at.account as AccountState;
  const { deviceId, bySession, byDevice, trusted } = command;
  if (!isLinked(account, deviceId) || !isLinked(account, byDevice)) return refused('device_unknown');
  const is = account.trustedDevices?.find((trust) => trust.deviceId === deviceId);
  // Another device's word is news: it may count where the device's own does not.
  const known = trusted ? is?.byDevice === byDevice && is.bySession === bySession : is === undefined;
  if (known) return nothing;
  const data = { deviceId, bySession, byDevice, trusted };
  return { events: carry(at, { type: 'account.device-trusted', data }) };
}

function wrongNotice(command: FileTravelNoticeOrder): AccountRefusal | undefined {
  const { nowMs, fromMs, untilMs, countries } = command;
  const startsMs = Math.max(fromMs, nowMs);
  const inBounds =
    untilMs > startsMs &&
    untilMs - startsMs <= travelLimits.days * dayMs &&
    startsMs - nowMs <= travelLimits.daysAhead * dayMs;
  if (!inBounds) return 'travel_period_invalid';
  const named = countries.length >= 1 && countries.length <= travelLimits.countries;
  return named && countries.every((code) => /^[A-Z]{2}$/.test(code)) ? undefined : 'travel_countries_invalid';
}

function isLinked(account: AccountState, deviceId: string): boolean {
  return account.devices.some(({ id }) => id === deviceId);
}
