// What the account's own events tell the rules' memory: what is in force, and what people said. None of it is
// judged.
import { isAfter } from './observed-event.js';
import type { ObservedEvent } from './observed-event.js';
import type { RuleName } from './rule-table.js';
import { push, stateLimits } from './state.js';
import type { AnomalyState } from './state.js';

interface Told {
  readonly holdId?: string;
  readonly cause?: string;
  readonly findingId?: string;
  readonly rule?: string;
  readonly trigger?: string;
  readonly outcome?: string;
  readonly decisionId?: string;
  readonly state?: Said;
}
interface Said {
  readonly travel?: readonly {
    readonly from: string;
    readonly until: string;
    readonly filedAt?: string;
    readonly countries: readonly string[];
    readonly filedBySession: string;
  }[];
  readonly trustedDevices?: readonly { readonly deviceId: string; readonly bySession?: string }[];
}

/** Journeys and trusted devices, as the account's state after the event says. */
export function followAccount(state: AnomalyState, event: ObservedEvent): void {
  const { travel = [], trustedDevices = [] } = (event.data as Told).state ?? {};
  state.journeys = travel.slice(-stateLimits.journeys).map((notice) => ({
    fromMs: Date.parse(notice.from),
    untilMs: Date.parse(notice.until),
    filedMs: Date.parse(notice.filedAt ?? event.recordedAt),
    countries: notice.countries,
    session: notice.filedBySession,
  }));
  state.trusted = trustedDevices
    .slice(-stateLimits.trusted)
    .map(({ deviceId, bySession }) => ({ device: deviceId, session: bySession ?? '' }));
}

/** A release. A step-up says that its person was where the session was; an operator judged all evidence. */
export function followRelease(state: AnomalyState, event: ObservedEvent): void {
  const { holdId, cause } = event.data as Told;
  const released = state.open.filter(({ id }) => id === holdId);
  state.open = state.open.filter(({ id }) => id !== holdId);
  if (cause === 'step_up') for (const { session } of released) confirmPlaceOf(state, session);
  if (cause === 'operator')
    clear(
      state,
      event,
      released.map(({ rule }) => rule),
    );
}

/** An unlocked account: the operator judged all evidence up to here. */
export function followUnlock(state: AnomalyState, event: ObservedEvent): void {
  const locks = state.open.filter(({ session }) => session === '');
  state.open = state.open.filter(({ session }) => session !== '');
  clear(
    state,
    event,
    locks.map(({ rule }) => rule),
  );
}

/** Its person authenticated strongly inside the session: where it is used is theirs. */
export function confirmPlaceOf(state: AnomalyState, session: string): void {
  const country = state.sessions.find((one) => one.session === session)?.country;
  if (country !== undefined) confirm(state, country);
}

/** A finding dismissed: its rule starts anew after it, and what it found unusual is usual. */
export function followDismissal(state: AnomalyState, event: ObservedEvent): void {
  const { findingId, rule, trigger } = event.data as Told;
  if (rule === undefined || trigger === undefined) return;
  raise(state, rule as RuleName, trigger);
  for (const finding of state.recent) if (finding.id === findingId) confirm(state, finding.country);
  state.recent = state.recent.filter(({ id }) => id !== findingId);
}

/** A decision that was not carried out is not in force. */
export function followDecision(state: AnomalyState, event: ObservedEvent): void {
  const { outcome, decisionId } = event.data as Told;
  if (outcome === 'braked') state.open = state.open.filter(({ id }) => id !== decisionId);
}

/** A session that began after all sessions were ended ends the decision that ended them. */
export function followStart(state: AnomalyState): void {
  if (state.open.length === 0) return;
  state.open = state.open.filter(({ action }) => action !== 'reauthenticate');
}

/** The end of a session: nothing is in force on it any more. */
export function followEnd(state: AnomalyState, session: string): void {
  if (state.open.length > 0) state.open = state.open.filter((open) => open.session !== session);
}

function clear(state: AnomalyState, event: ObservedEvent, rules: readonly RuleName[]): void {
  for (const rule of rules) raise(state, rule, event.position);
  state.recent = [];
}

function raise(state: AnomalyState, rule: RuleName, position: string): void {
  const before = state.triggers[rule];
  if (before === undefined || isAfter(position, before)) state.triggers[rule] = position;
}

function confirm(state: AnomalyState, country: string): void {
  for (const seen of state.countries) if (seen.value === country) seen.confirmed = true;
}

/** A new decision in force that somebody else took; bounded like all others. */
export function followLock(state: AnomalyState, event: ObservedEvent): void {
  const { decision } = event.data as { decision?: { id: string; rule: RuleName } };
  if (decision === undefined || state.open.some(({ action }) => action === 'lock')) return;
  const { id, rule } = decision;
  const atMs = Date.parse(event.recordedAt);
  push(state.open, { id, rule, action: 'lock', session: '', atMs }, stateLimits.open);
}
