// What a person says ahead of time, so that the geo rules ask for step-up at most: journeys, trusted devices.

/** A journey. It softens geo rules for known devices and for other sessions than the one that filed it. Times
 * are ISO 8601, UTC. */
export interface TravelNotice {
  readonly id: string;
  readonly from: string;
  readonly until: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly countries: readonly string[];
  readonly filedAt: string;
  readonly filedBySession: string;
  readonly filedByDevice: string;
}

/** A device its person vouches for, and who said so: a session cannot well vouch for itself. */
export interface TrustedDevice {
  readonly deviceId: string;
  readonly bySession: string;
  readonly byDevice: string;
}

/** Bounds of a notice, and of how many may be live at once. */
export const travelLimits = {
  liveNotices: 5,
  countries: 10,
  days: 90,
  /** How far ahead it may begin. */
  daysAhead: 365,
} as const;

interface Told {
  readonly travel?: readonly TravelNotice[];
  readonly trustedDevices?: readonly TrustedDevice[];
}

/** The notices that have not ended at `nowMs` (milliseconds since the epoch). */
export function liveNotices({ travel = [] }: Told, nowMs: number): readonly TravelNotice[] {
  return travel.filter((notice) => Date.parse(notice.until) > nowMs);
}

/** The state with the notice, without those that had ended when it was filed. */
export function withNotice<S extends Told>(state: S, notice: TravelNotice): S {
  return { ...state, travel: [...liveNotices(state, Date.parse(notice.filedAt)), notice] };
}

export function withoutNotice<S extends Told>(state: S, noticeId: string): S {
  const { travel = [], ...rest } = state;
  const kept = travel.filter(({ id }) => id !== noticeId);
  return (kept.length === 0 ? rest : { ...rest, travel: kept }) as S;
}

export function withTrust<S extends Told>(state: S, trust: TrustedDevice): S {
  const others = (state.trustedDevices ?? []).filter(({ deviceId }) => deviceId !== trust.deviceId);
  return { ...state, trustedDevices: [...others, trust] };
}

export function withoutTrust<S extends Told>(state: S, deviceId: string): S {
  if (state.trustedDevices === undefined) return state;
  const { trustedDevices, ...rest } = state;
  const kept = trustedDevices.filter((trusted) => trusted.deviceId !== deviceId);
  return (kept.length === 0 ? rest : { ...rest, trustedDevices: kept }) as S;
}
