// Random but possible histories: acts on a few accounts, their sessions and devices, decided by the deciders.
import {
  changePassword,
  declareCutoff,
  eraseAccount,
  evolveAccount,
  evolveSession,
  fileTravelNotice,
  flagSession,
  holdSensitiveActions,
  linkDevice,
  lockAccount,
  noCutoffs,
  openAccount,
  recordReuse,
  releaseHold,
  requireReauthentication,
  revokeAllSessions,
  revokeDevice,
  revokeSession,
  rotate,
  startSession,
  stepUp,
  trustDevice,
  unlockAccount,
  withdrawTravelNotice,
} from '@sallyport/core-session';
import type {
  AccountAt,
  AccountDecision,
  AccountEvent,
  AccountState,
  CutoffsState,
  SessionEvent,
  SessionState,
  StandingInput,
} from '@sallyport/core-session';
import type { JsonObject } from '@sallyport/engine';
import { fingerprintOf, grant, policy, proofOf, refreshOf, startKeyBound } from './examples.js';
import { MemoryEventStore } from './memory-event-store.js';

const startMs = Date.parse('2026-11-22T12:00:00.000Z');
/** A client whose sessions end by a stale token. */
const ending = { ...policy, staleTokenEndsSession: true };
const once = { count: 1, over: false };

/** What the service appends at any revision, so that it names no event before it. */
const atAnyRevision = /^(session\.revoked|login\.[a-z]+)$/;

/** How often each kind of act is worth drawing. */
export const actWeights = {
  open: 6,
  link: 6,
  start: 10,
  refresh: 20,
  stale: 8,
  'wrong-key': 2,
  end: 2,
  'end-all': 1,
  'revoke-device': 2,
  password: 1,
  lock: 2,
  unlock: 6,
  erase: 1,
  hold: 4,
  release: 2,
  'step-up': 1,
  reauthenticate: 1,
  notice: 2,
  withdraw: 2,
  trust: 3,
  flag: 2,
  cutoff: 1,
  fail: 2,
};
export type ActKind = keyof typeof actWeights;

/** One act on account number `who`, on its session or device number `which`. */
export interface Act {
  readonly kind: ActKind;
  readonly who: number;
  readonly which: number;
}

type Fact = { readonly type: string; readonly data: object };

/** Acts by the deciders on states that it folds itself, from the facts and not from the states they carry. */
export class RandomWorld {
  nowMs = startMs;
  readonly store = new MemoryEventStore({ now: () => this.nowMs });
  readonly accounts = new Map<string, AccountAt>();
  readonly sessions = new Map<string, SessionState>();
  private cutoffs: CutoffsState = noCutoffs;
  private cutoffRevision = -1;
  private count = 0;

  async act({ kind, who, which }: Act): Promise<void> {
    this.nowMs += 1000;
    const id = `a${who}`;
    const at = this.accounts.get(id) ?? { account: undefined, revision: -1 };
    const decided = decideOnAccount(kind, at, { nowMs: this.nowMs, who, which });
    if (decided !== undefined) return this.onAccount(id, decided);
    if (kind === 'cutoff') return this.cutOff(which);
    if (kind === 'fail') {
      const data = { count: 1, since: 's', until: 'u', ipTag: 't' };
      return this.append(`login-${id}`, id, [{ type: 'login.failed', data }]);
    }
    return this.onSession(kind, `${id}-s${which}`, at);
  }

  private async onAccount(id: string, { events }: AccountDecision): Promise<void> {
    for (const event of events) {
      const before = this.accounts.get(id);
      const revision = (before?.revision ?? -1) + 1;
      const account = evolveAccount(before?.account, event as AccountEvent, revision);
      this.accounts.set(id, { account, revision });
    }
    await this.append(`account-${id}`, id, events);
  }

  private async cutOff(which: number): Promise<void> {
    const scope = which === 0 ? { kind: 'all' as const } : { kind: 'client' as const, clientId: `c${which}` };
    this.cutoffRevision += 1;
    const event = declareCutoff(this.cutoffs, { scope, reason: 'r' }, this.cutoffRevision);
    this.cutoffs = event.data.state;
    await this.append('cutoffs', '*', [event]);
  }

  private async onSession(kind: ActKind, sessionId: string, { account, revision }: AccountAt): Promise<void> {
    const session = this.sessions.get(sessionId);
    const scope = { account, cutoffs: this.cutoffs };
    const at = { revision, cutoffRevision: this.cutoffRevision, nowMs: this.nowMs };
    const events =
      session === undefined
        ? startOn({ kind, sessionId, ...at }, scope)
        : decideOnSession(kind, { sessionId, session, ...scope }, this.nowMs);
    for (const event of events) {
      this.sessions.set(sessionId, evolveSession(this.sessions.get(sessionId), event));
    }
    await this.append(`session-${sessionId}`, sessionId.slice(0, 2), events);
  }

  private async append(stream: string, partitionKey: string, facts: readonly Fact[]): Promise<void> {
    if (facts.length === 0) return;
    const context = {
      correlationId: 'c',
      causationId: 'c',
      partitionKey,
      actor: { kind: 'system' as const },
    };
    const events = facts.map(({ type, data }) => {
      this.count += 1;
      return { id: String(this.count), type, schemaVersion: 1, data: data as JsonObject, ...context };
    });
    const [head = -1] = await this.store.heads([stream]);
    const expected = events.some(({ type }) => atAnyRevision.test(type)) ? 'any' : head;
    await this.store.append({ stream, expected, events, guards: [] });
  }
}

function decideOnAccount(
  kind: ActKind,
  at: AccountAt,
  { nowMs, who, which }: { nowMs: number; who: number; which: number },
): AccountDecision | undefined {
  const id = `a${who}-d${which}-${at.revision}`;
  const device = { id, jkt: `k${which}`, clientId: 'c1', linkedAt: new Date(nowMs).toISOString() };
  switch (kind) {
    case 'open':
      return openAccount(at.account, { nowMs, nameHash: `n${who}`, credential: 'c' });
    case 'link':
      return linkDevice(at, { device, marker: at.revision });
    case 'revoke-device': {
      const deviceId = at.account?.devices[which]?.id ?? 'none';
      return revokeDevice(at, { deviceId, cause: which === 0 ? 'lost' : 'user' });
    }
    case 'end-all':
      return revokeAllSessions(at, which === 0 ? {} : { except: `a${who}-s${which}` });
    case 'password':
      return changePassword(at, { credential: 'c', except: `a${who}-s${which}` });
    case 'lock':
      return lockAccount(at, { reason: 'r' });
    case 'unlock':
      return unlockAccount(at, { reason: 'r' });
    case 'hold': {
      const of = who === 0 ? { sessionId: `a${who}-s${which}`, deviceId: at.account?.devices[0]?.id } : {};
      const hold = { id: `h${at.revision}`, reason: 'r', rule: 'r', ...of };
      const decision = { id: 'd', rule: 'r', ruleSet: 's', trigger: String(nowMs) };
      return holdSensitiveActions(at, { hold, decision });
    }
    case 'release':
      return releaseHold(at, { cause: 'operator' });
    case 'step-up':
      return stepUp(at, { deviceId: at.account?.holds?.[0]?.deviceId ?? 'none', marker: at.revision });
    case 'reauthenticate':
      return requireReauthentication(at, { reason: 'r' });
    case 'erase':
      return which === 0 ? eraseAccount(at, {}) : { events: [] };
    default:
      return tellOn(kind, at, { nowMs, id, which });
  }
}

function tellOn(
  kind: ActKind,
  at: AccountAt,
  { nowMs, id, which }: { nowMs: number; id: string; which: number },
): AccountDecision | undefined {
  const byDevice = at.account?.devices[0]?.id ?? 'none';
  switch (kind) {
    case 'notice': {
      const times = { nowMs, fromMs: nowMs, untilMs: nowMs + 100_000 };
      const filed = { countries: ['IT'], filedBySession: 's', filedByDevice: byDevice };
      return fileTravelNotice(at, { id, ...times, ...filed });
    }
    case 'withdraw':
      return withdrawTravelNotice(at, { noticeId: at.account?.travel?.[0]?.id ?? 'none' });
    case 'trust':
      return trustDevice(at, { deviceId: byDevice, byDevice, bySession: 's', trusted: which > 0 });
    default:
      return undefined;
  }
}

function startOn(
  {
    kind,
    sessionId,
    ...at
  }: { kind: string; sessionId: string; revision: number; cutoffRevision: number; nowMs: number },
  scope: { account: AccountState | undefined; cutoffs: CutoffsState },
): readonly SessionEvent[] {
  const device = scope.account?.devices.at(-1);
  if (kind !== 'start' || scope.account === undefined || device === undefined) return [];
  const decision = startSession(
    { session: undefined, started: undefined, ...scope },
    {
      ...startKeyBound,
      nowMs: at.nowMs,
      grant: {
        ...grant,
        sessionId,
        accountId: sessionId.slice(0, 2),
        marker: { account: at.revision, cutoffs: at.cutoffRevision },
        authTimeMs: at.nowMs,
      },
      key: { jkt: device.jkt, deviceId: device.id, proofHash: `p${at.nowMs}`, nonceTimeMs: at.nowMs },
    },
  );
  return decision.kind === 'started' ? decision.events : [];
}

function decideOnSession(kind: ActKind, state: StandingInput, nowMs: number): readonly SessionEvent[] {
  const { session } = state;
  switch (kind) {
    case 'end':
      return revokeSession(session, { cause: 'user' });
    case 'flag':
      return flagSession(state, { flag: 'anomaly' });
    case 'wrong-key':
      return recordReuse(session, { cause: 'wrong_key', presented: session.generation }, once);
    case 'refresh':
    case 'stale': {
      const back = kind === 'stale' ? 2 : nowMs % 3 === 0 ? 1 : 0;
      const presented = Math.max(0, session.generation - back);
      const proof = proofOf(nowMs, { nonceTimeMs: nowMs, thumbprint: session.jkt, namesToken: true });
      const successor = { fingerprint: fingerprintOf(session.generation + 1), keyId: 'r1' };
      const decision = rotate(state, refreshOf(presented, nowMs, { proof, successor, policy: ending }));
      return 'events' in decision ? decision.events : [];
    }
    default:
      return [];
  }
}
