// The projection `sessions`, generation 1: sessions, accounts, devices, cutoffs as their events leave them.
import {
  carriedAccount,
  carriedCutoffs,
  carriedSession,
  evolveAccount,
  evolveCutoffs,
  evolveSession,
  noCutoffs,
} from '@sallyport/core-session';
import type {
  AccountEvent,
  CutoffEvent,
  DeviceLinked,
  DeviceRevoked,
  SallyportEvent,
  SessionEvent,
  SessionState,
} from '@sallyport/core-session';
import { cutoffsKey, sessionViews } from './rows.js';
import type { AccountRow, CutoffsRow, DeviceRow, SealedPersonal, SessionRow } from './rows.js';
import type { ViewEvent, ViewHandler, ViewRows } from './rows.js';

type EventType = SallyportEvent['type'];

const { session, account, device, cutoffs } = sessionViews;

/** Uses of the session by its own token: they move the time it was last active. */
const used: ViewHandler = {
  touches: (event) => [{ view: session, key: sessionIdOf(event) }],
  apply: (event, rows) => foldSession(event, rows, { lastActiveAt: event.recordedAt }),
};

/** Uses of its tokens by somebody else or too late, and its end. */
const noted: ViewHandler = {
  touches: (event) => [{ view: session, key: sessionIdOf(event) }],
  apply: (event, rows) => foldSession(event, rows, {}),
};

const onAccount: ViewHandler = {
  touches: (event) => [{ view: account, key: accountIdOf(event) }],
  apply: foldAccount,
};

const deviceLinked: ViewHandler = {
  touches: (event) => [...onAccount.touches(event), { view: device, key: linked(event).id }],
  apply: (event, rows) => {
    foldAccount(event, rows);
    const { id, clientId, jkt, linkedAt } = linked(event);
    const body: DeviceRow = { clientId, jkt, linkedAt, status: 'linked', ...personalOf(event) };
    rows.put(device, { key: id, owner: accountIdOf(event), body });
  },
};

const deviceRevoked: ViewHandler = {
  touches: (event) => [...onAccount.touches(event), { view: device, key: revocation(event).deviceId }],
  apply: (event, rows) => {
    foldAccount(event, rows);
    const { deviceId, cause } = revocation(event);
    const row = rows.get(device, deviceId);
    if (row === undefined) throw new Error(`device ${deviceId} revoked before it was linked`);
    const status = cause === 'lost' || cause === 'handed_over' ? 'lost' : 'revoked';
    const body = { ...(row.body as DeviceRow), status, revokedAt: event.recordedAt, revokedFor: cause };
    rows.put(device, { ...row, body });
  },
};

const cutoffDeclared: ViewHandler = {
  touches: () => [{ view: cutoffs, key: cutoffsKey }],
  apply: (event, rows) => {
    const before = (rows.get(cutoffs, cutoffsKey)?.body as CutoffsRow | undefined)?.state ?? noCutoffs;
    const state =
      carriedCutoffs(event) ?? evolveCutoffs(before, event as unknown as CutoffEvent, event.revision);
    const body: CutoffsRow = { revision: event.revision, state };
    rows.put(cutoffs, { key: cutoffsKey, owner: cutoffsKey, body });
  },
};

const handlers = {
  'account.opened': onAccount,
  'account.password-changed': onAccount,
  'account.device-linked': deviceLinked,
  'account.device-revoked': deviceRevoked,
  'account.all-sessions-revoked': onAccount,
  'account.locked': onAccount,
  'account.unlocked': onAccount,
  'account.sensitive-actions-held': onAccount,
  'account.hold-released': onAccount,
  'account.reauthentication-required': onAccount,
  'account.travel-notice-filed': onAccount,
  'account.travel-notice-withdrawn': onAccount,
  'account.device-trusted': onAccount,
  'account.erased': onAccount,
  'account.device-attested': onAccount,
  'session.started': used,
  'session.refresh-rotated': used,
  'session.rotation-retried': used,
  'session.stale-token-presented': noted,
  'session.reuse-detected': noted,
  'session.flagged': noted,
  'session.revoked': noted,
  'session.step-up-completed': used,
  'session.sensitive-action-checked': noted,
  'cutoffs.declared': cutoffDeclared,
} satisfies { readonly [T in EventType]?: ViewHandler };

/** The events that are uses of a session by its own token. */
export const sessionUses: ReadonlySet<string> = new Set(
  Object.entries(handlers).flatMap(([type, handler]) => (handler === used ? type : [])),
);

const attempts = 'Attempts to sign in change no session; they are for the rules and the auditor.';
const names = 'Whose a name is decides who may sign in, not who is signed in.';
const keys = 'Keys change no session; what their retirement ends, a cutoff says.';
const rules = 'What rules find changes no session; what they order, accounts and sessions tell themselves.';

/** Complete by type: an event that is neither handled nor named here does not compile. */
const ignored: { readonly [T in Exclude<EventType, keyof typeof handlers>]: string } = {
  'login.succeeded': attempts,
  'login.failed': attempts,
  'login.throttled': attempts,
  'login-name.claimed': names,
  'login-name.released': names,
  'keys.created': keys,
  'keys.activated': keys,
  'keys.retired': keys,
  'anomaly.detected': rules,
  'anomaly.dismissed': rules,
  'anomaly.decision-taken': rules,
  'rules.activated': rules,
  'rules.enforcement-paused': rules,
  'rules.enforcement-resumed': rules,
};

export const sessionsProjection = {
  name: 'sessions',
  generation: 1,
  views: Object.values(sessionViews),
  handlers,
  ignored,
} as const;

function foldSession(
  event: ViewEvent,
  rows: ViewRows,
  seen: Partial<Pick<SessionRow, 'lastActiveAt'>>,
): void {
  const key = sessionIdOf(event);
  const before = rows.get(session, key)?.body as SessionRow | undefined;
  const state = carriedSession(event) ?? evolveSession(before?.state, event as unknown as SessionEvent);
  const body: SessionRow = {
    ...(before ?? { lastActiveAt: event.recordedAt, ...personalOf(event) }),
    ...seen,
    ...ending(before, state, event),
    state,
  };
  rows.put(session, { key, owner: state.accountId, body });
}

function ending(
  before: SessionRow | undefined,
  state: SessionState,
  event: ViewEvent,
): Pick<SessionRow, 'ended'> {
  if (before?.ended !== undefined || state.endCause === undefined) return {};
  return { ended: { at: event.recordedAt, cause: state.endCause, by: event.actor.kind } };
}

function foldAccount(event: ViewEvent, rows: ViewRows): void {
  const key = accountIdOf(event);
  const before = (rows.get(account, key)?.body as AccountRow | undefined)?.state;
  const state =
    carriedAccount(event) ?? evolveAccount(before, event as unknown as AccountEvent, event.revision);
  const body: AccountRow = { revision: event.revision, state };
  rows.put(account, { key, owner: key, body });
}

/** The ids are the streams' names without their kinds (`streams` of core-session). */
function sessionIdOf({ stream }: ViewEvent): string {
  return stream.slice('session-'.length);
}

function accountIdOf({ stream }: ViewEvent): string {
  return stream.slice('account-'.length);
}

function linked(event: ViewEvent): DeviceLinked['data']['device'] {
  return (event.data as DeviceLinked['data']).device;
}

function revocation(event: ViewEvent): DeviceRevoked['data'] {
  return event.data as DeviceRevoked['data'];
}

function personalOf({ stream, id, personal }: ViewEvent): { readonly personal?: SealedPersonal } {
  return personal === undefined ? {} : { personal: { stream, eventId: id, sealed: personal } };
}
