// The projection `standing`: of sessions, accounts and cutoffs what a copy elsewhere judges and shows.
import { afterRevocation, carriedAccount, carriedCutoffs, carriedSession } from '@sallyport/core-session';
import type { AccountState, SessionRevoked, SessionState } from '@sallyport/core-session';
import type { ViewEvent, ViewHandler, ViewRows } from './rows.js';
import { sessionsProjection, sessionUses } from './sessions-projection.js';
import { everyone, standingVersion } from './standing-records.js';
import type {
  KeptAccount,
  KeptSession,
  StandingAccount,
  StandingCutoffs,
  StandingSession,
} from './standing-records.js';

const ofSession: ViewHandler = {
  touches: ({ stream }) => [{ view: 'session', key: stream.slice('session-'.length) }],
  apply: foldSession,
};

const ofAccount: ViewHandler = {
  touches: ({ stream }) => [{ view: 'account', key: stream.slice('account-'.length) }],
  apply: (event, rows) => {
    const key = event.stream.slice('account-'.length);
    const state = keptAccount(carried(carriedAccount(event), event));
    const body: StandingAccount = { ...madeBy(event), state };
    rows.put('account', { key, owner: key, body });
  },
};

const ofCutoffs: ViewHandler = {
  touches: () => [{ view: 'cutoff', key: everyone }],
  apply: (event, rows) => {
    const body: StandingCutoffs = { ...madeBy(event), state: carried(carriedCutoffs(event), event) };
    rows.put('cutoff', { key: everyone, owner: everyone, body });
  },
};

const byStream: Readonly<Record<string, ViewHandler>> = {
  session: ofSession,
  account: ofAccount,
  cutoffs: ofCutoffs,
};

/** The events that the views of sessions are made of, and for the same reasons no others. */
const handlers: Readonly<Record<string, ViewHandler>> = Object.fromEntries(
  Object.keys(sessionsProjection.handlers).map((type) => {
    const handler = byStream[type.slice(0, type.indexOf('.'))];
    if (handler === undefined) throw new Error(`no standing follows from ${type}`);
    return [type, handler];
  }),
);

export const standingProjection = {
  name: 'standing',
  generation: 1,
  views: ['session', 'account', 'cutoff'],
  handlers,
  ignored: sessionsProjection.ignored,
} as const;

function foldSession(event: ViewEvent, rows: ViewRows): void {
  const key = event.stream.slice('session-'.length);
  const before = rows.get('session', key)?.body as StandingSession | undefined;
  const isRevocation = event.type === 'session.revoked';
  // Swept: it was over for good before this.
  if (isRevocation && before === undefined) return;
  const state = isRevocation
    ? afterRevocation((before as StandingSession).state, event.data as SessionRevoked['data'])
    : keptSession(carried(carriedSession(event), event));
  const isUse = before === undefined || sessionUses.has(event.type);
  const endedAt = state.status === 'ended' ? (before?.endedAt ?? event.recordedAt) : undefined;
  const body: StandingSession = {
    ...madeBy(event),
    state,
    lastActiveAt: isUse ? event.recordedAt : before.lastActiveAt,
    ...(endedAt === undefined ? {} : { endedAt }),
  };
  rows.put('session', { key, owner: state.accountId, body });
}

function madeBy({ position, recordedAt }: ViewEvent): Pick<StandingAccount, 'v' | 'position' | 'at'> {
  return { v: standingVersion, position, at: recordedAt };
}

/** A state of another version needs the history, which is not here: who wrote it is newer or much older. */
function carried<S>(state: S | undefined, { type }: ViewEvent): S {
  if (state === undefined) throw new Error(`${type} carries no state of a known version`);
  return state;
}

/** Of a session's state what a copy is given. */
export function keptSession({ network, ...state }: SessionState): KeptSession {
  const { status, endCause, accountId, deviceId, clientId, scope, jkt, marker } = state;
  const { startedAt, authTime, idleExpiresAt, expiresAt, acr, amr, flags, appVersion } = state;
  return {
    status,
    accountId,
    clientId,
    scope,
    marker,
    startedAt,
    authTime,
    idleExpiresAt,
    expiresAt,
    acr,
    amr,
    country: network?.country ?? null,
    ...(endCause === undefined ? {} : { endCause }),
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(jkt === undefined ? {} : { jkt }),
    ...(flags === undefined ? {} : { flags }),
    ...(appVersion === undefined ? {} : { appVersion }),
  };
}

/** Of an account's state what a copy is given. */
export function keptAccount({ status, ends, devices, holds }: AccountState): KeptAccount {
  return {
    status,
    devices: devices.map(({ id, clientId, linkedAt }) => ({ id, clientId, linkedAt })),
    ...(ends === undefined ? {} : { ends }),
    ...(holds === undefined
      ? {}
      : {
          holds: holds.map(({ id, sessionId, deviceId }) => ({
            id,
            ...(sessionId === undefined ? {} : { sessionId }),
            ...(deviceId === undefined ? {} : { deviceId }),
          })),
        }),
  };
}
