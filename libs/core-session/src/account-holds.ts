// Holds of sensitive actions: of a session until its device signs in anew, of an account until released.

/** A hold as it is ordered. */
export interface NewHold {
  readonly id: string;
  /** The one session that is held until step-up; absent: the whole account is held until it is released. */
  readonly sessionId?: string;
  /** That session's device, whose next strong authentication releases the hold; none of a bearer session. */
  readonly deviceId?: string;
  readonly reason: string;
  /** The rule that wants it; absent when a person does. */
  readonly rule?: string;
}

/** A hold in force. There is one per scope and rule: a newer one takes the place of the older. */
export interface Hold extends NewHold {
  /** Revision of the account's event that made it: a step-up was authenticated on it or a later one. */
  readonly revision: number;
  /** Position of the event on which its rule decided. */
  readonly trigger?: string;
}

/** `session_ended`: to make room for another. */
export const releaseCauses = ['step_up', 'operator', 'rule', 'session_ended'] as const;
export type ReleaseCause = (typeof releaseCauses)[number];

/** A hold as it is shown. `stepUp`: a new sign-in on this session's device releases it. */
export interface HoldShown {
  readonly id: string;
  readonly scope: 'session' | 'account';
  readonly stepUp: boolean;
}

export function shownHold(hold: Pick<Hold, 'id' | 'sessionId' | 'deviceId'>): HoldShown {
  const { id, sessionId, deviceId } = hold;
  const isSessions = sessionId !== undefined;
  return { id, scope: isSessions ? 'session' : 'account', stepUp: isSessions && deviceId !== undefined };
}

/** Sessions held one by one; beyond them the account is. */
export const maxSessionHolds = 16;

interface Held {
  readonly holds?: readonly Hold[];
}

/** The holds on a session's sensitive actions: its own and the account's. */
export function holdsOn<H extends Pick<Hold, 'sessionId'>>(
  { holds = [] }: { readonly holds?: readonly H[] },
  sessionId: string,
): readonly H[] {
  return holds.filter((hold) => hold.sessionId === undefined || hold.sessionId === sessionId);
}

/** The holds that a strong authentication on the device releases, if it came after them: decided on the
 * account at revision `marker` or later. */
export function holdsReleasedBy(
  { holds = [] }: Held,
  by: { readonly deviceId: string; readonly marker: number },
): readonly Hold[] {
  return holds.filter((hold) => {
    const isDevices = hold.sessionId !== undefined && hold.deviceId === by.deviceId;
    return isDevices && by.marker >= hold.revision;
  });
}

/** The sessions that are held one by one. */
export function heldSessions({ holds = [] }: Held): readonly string[] {
  return [...new Set(holds.flatMap(({ sessionId }) => sessionId ?? []))];
}

/** The order, or one on the whole account where as many sessions are held as can be: no hold is forgotten. */
export function widened({ holds = [] }: Held, order: NewHold): NewHold {
  const others = holds.filter((hold) => hold.sessionId !== undefined && !hasPlaceOf(hold, order));
  if (order.sessionId === undefined || others.length < maxSessionHolds) return order;
  const { sessionId: _session, deviceId: _device, ...onAccount } = order;
  return onAccount;
}

/** The state with the hold in the place of an older one of its scope and rule. */
export function withHold<S extends Held>(state: S, hold: Hold): S {
  return { ...state, holds: [...(state.holds ?? []).filter((old) => !hasPlaceOf(old, hold)), hold] };
}

/** The state with those holds only for which `keeps` says so; unchanged where it has none. */
export function keepHolds<S extends Held>(state: S, keeps: (hold: Hold) => boolean): S {
  if (state.holds === undefined) return state;
  const { holds, ...rest } = state;
  const kept = holds.filter(keeps);
  return (kept.length === 0 ? rest : { ...rest, holds: kept }) as S;
}

function hasPlaceOf(old: Hold, order: NewHold): boolean {
  return old.sessionId === order.sessionId && old.rule === order.rule;
}
