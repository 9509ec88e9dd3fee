// The named examples that all specs start from; a spec changes only the field it is about.
import {
  carriedAccount,
  carriedSession,
  linkDevice,
  noCutoffs,
  openAccount,
  startSession,
} from '@sallyport/core-session';
import type {
  AccountEvent,
  AccountState,
  CodeGrant,
  LinkedDevice,
  Network,
  ProofFacts,
  RotateRefresh,
  SessionEvent,
  SessionPolicy,
  SessionState,
  StandingInput,
  StartSession,
} from '@sallyport/core-session';

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** When Alice opens her account: 2026-11-02T09:00:00.000Z, in milliseconds. */
export const openedMs = Date.UTC(2026, 10, 2, 9);
/** When she signs in on her phone, and when the code of that sign-in is exchanged. */
export const authTimeMs = openedMs + 55 * secondMs;
export const startedMs = openedMs + 61 * secondMs;

export const aliceId = 'Zs1tVqUq0nB1mJ3n8eQm2A';
export const sessionId = 'pX4c1v7hT0aWkq3d9Lr5Ug';
export const otherSessionId = 'c8Rm2Zk5Yw9qXs1vNf6Jdg';
export const phoneKey = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
export const otherKey = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
export const nameHash = 'h7Qw2Er5Ty8Ui1Op4As6Df9Gh3Jk0LzXcVbNm-qWeRt';

export const phone: LinkedDevice = {
  id: 'm0uYHqVd7b2iSx9fKe4nRw',
  jkt: phoneKey,
  clientId: 'demo-phone',
  linkedAt: new Date(openedMs + minuteMs).toISOString(),
};

export const network: Network = { country: 'CH', asn: 3303, kind: 'mobile', ipTag: 'k2Vd8sQwR4tYb7Nm' };

/** A client whose sessions are bound to the device's key. */
export const policy: SessionPolicy = {
  idleSeconds: 14 * 86_400,
  absoluteSeconds: 90 * 86_400,
  graceSeconds: 0,
  accessTokenSeconds: 300,
  wrongKeyEndsSession: false,
  staleTokenEndsSession: false,
};
/** A bearer client that gives its predecessor half a minute. */
export const graceful: SessionPolicy = { ...policy, graceSeconds: 30 };

/** An account opened and a phone linked: revisions 0 and 1. */
export const accountEvents: readonly [AccountEvent, AccountEvent] = openedAndLinked();
export const account: AccountState = carriedAccount(accountEvents[1]) as AccountState;
export const accountRevision = 1;

/** What Alice's authorization code carries. */
export const grant: CodeGrant = {
  sessionId,
  accountId: aliceId,
  clientId: 'demo-phone',
  scope: 'offline_access profile',
  marker: { account: accountRevision, cutoffs: -1 },
  authTimeMs,
  acr: 'pwd',
  amr: ['pwd'],
};

export const startKeyBound: StartSession = {
  nowMs: startedMs,
  grant,
  policy,
  token: { fingerprint: fingerprintOf(0), keyId: '5f1c0a7e' },
  key: {
    jkt: phoneKey,
    deviceId: phone.id,
    proofHash: proofHashOf('exchange'),
    nonceTimeMs: startedMs - secondMs,
  },
  network,
  appVersion: '4.2.0',
};
export const startBearer: StartSession = {
  ...startKeyBound,
  grant: { ...grant, clientId: 'demo-bearer' },
  key: undefined,
};

export const keyBoundStarted: SessionEvent = startedBy(startKeyBound);
export const bearerStarted: SessionEvent = startedBy(startBearer);
export const keyBoundSession: SessionState = carriedSession(keyBoundStarted) as SessionState;
/** Its end. */
export const revokedByUser: SessionEvent = {
  type: 'session.revoked',
  data: { cause: 'user', accountId: keyBoundSession.accountId },
};
export const bearerSession: SessionState = carriedSession(bearerStarted) as SessionState;

/** SHA-256 of the refresh token of a generation, as far as the core cares: 43 characters that name it. */
export function fingerprintOf(generation: number): string {
  return `fingerprint-of-generation-${generation}-`.padEnd(43, '_');
}

/** The short hash of a proof's id: it names it. */
export function proofHashOf(name: string | number): string {
  return `proof-${name}`.padEnd(16, '_');
}

/** A proof by Alice's phone, signed half a second after its nonce was given out. */
export function proofOf(
  name: string | number,
  changes: Partial<ProofFacts> & { readonly nonceTimeMs: number },
): ProofFacts {
  return { thumbprint: phoneKey, proofHash: proofHashOf(name), namesToken: false, ...changes };
}

/** A key-bound refresh of the token of a generation, at `nowMs`, with a new proof. */
export function refreshOf(
  generation: number,
  nowMs: number,
  changes: Partial<RotateRefresh> = {},
): RotateRefresh {
  return {
    nowMs,
    clientId: 'demo-phone',
    presented: { generation, fingerprint: fingerprintOf(generation) },
    proof: proofOf(nowMs - startedMs, { nonceTimeMs: nowMs - 500 }),
    successor: { fingerprint: fingerprintOf(generation + 1), keyId: '5f1c0a7e' },
    policy,
    network,
    appVersion: '4.2.0',
    ...changes,
  };
}

/** The same by the holder of a bearer token. */
export function bearerRefreshOf(
  generation: number,
  nowMs: number,
  changes: Partial<RotateRefresh> = {},
): RotateRefresh {
  return refreshOf(generation, nowMs, { clientId: 'demo-bearer', proof: undefined, ...changes });
}

/** Everything the standing of Alice's session depends on. */
export function standingOf(session: SessionState, changes: Partial<StandingInput> = {}): StandingInput {
  return { sessionId, session, account, cutoffs: noCutoffs, ...changes };
}

function openedAndLinked(): [AccountEvent, AccountEvent] {
  const [opened] = openAccount(undefined, {
    nowMs: openedMs,
    nameHash,
    credential: '$argon2id$example',
  }).events;
  const state = carriedAccount(opened as AccountEvent);
  const [linked] = linkDevice({ account: state, revision: 0 }, { device: phone, marker: 0 }).events;
  return [withoutCredential(opened as AccountEvent), linked as AccountEvent];
}

function withoutCredential({ type, data }: AccountEvent): AccountEvent {
  return { type, data } as AccountEvent;
}

function startedBy(command: StartSession): SessionEvent {
  const decision = startSession(
    { session: undefined, started: undefined, account, cutoffs: noCutoffs },
    command,
  );
  if (decision.kind !== 'started') throw new Error(`the example session is ${decision.kind}`);
  return decision.events[0] as SessionEvent;
}
