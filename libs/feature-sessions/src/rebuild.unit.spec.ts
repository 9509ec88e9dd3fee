// The session views over random histories: a rebuild equals what was folded live, and both equal the streams.
import {
  changePassword,
  declareCutoff,
  eraseAccount,
  evolveAccount,
  evolveSession,
  linkDevice,
  lockAccount,
  noCutoffs,
  openAccount,
  recordReuse,
  revokeAllSessions,
  revokeDevice,
  revokeSession,
  rotate,
  startSession,
  unlockAccount,
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
import { sessionsProjection } from '@sallyport/core-views';
import { rebuildProjection, runProjection } from '@sallyport/engine';
import type { JsonObject, ProjectionProgress } from '@sallyport/engine';
import {
  fingerprintOf,
  grant,
  MemoryEventStore,
  MemoryViewStore,
  policy,
  proofOf,
  refreshOf,
  startKeyBound,
} from '@sallyport/testing';
import fc from 'fast-check';

const startMs = Date.parse('2026-11-22T12:00:00.000Z');
const ending = { ...policy, staleTokenEndsSession: true };
const accounts = 2;
const once = { count: 1, over: false };

/** How often each kind of act is drawn. */
const weights = {
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
  cutoff: 1,
  fail: 2,
};
type Kind = keyof typeof weights;

/** One act on account number `who`, on its session or device number `which`. */
interface Act {
  readonly kind: Kind;
  readonly who: number;
  readonly which: number;
}

const act = fc.record({
  kind: fc.oneof(
    ...Object.entries(weights).map(([kind, weight]) => ({
      weight,
      arbitrary: fc.constant(kind as Kind),
    })),
  ),
  who: fc.nat(accounts - 1),
  which: fc.nat(2),
});

/** Every history begins with what most of the others need. */
const prelude: readonly Act[] = Array.from({ length: accounts }, (_, who) =>
  (['open', 'link', 'start'] as const).map((kind) => ({ kind, who, which: 0 })),
).flat();

type Fact = { readonly type: string; readonly data: object };

/** Acts by the deciders on states that it folds itself, from the facts and not from the states they carry. */
class World {
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

  private async onSession(kind: Kind, sessionId: string, { account, revision }: AccountAt): Promise<void> {
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
    await this.store.append({ stream, expected: 'any', events, guards: [] });
  }
}

function decideOnAccount(
  kind: Kind,
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
    case 'erase':
      return which === 0 ? eraseAccount(at, {}) : { events: [] };
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

function decideOnSession(kind: Kind, state: StandingInput, nowMs: number): readonly SessionEvent[] {
  const { session } = state;
  switch (kind) {
    case 'end':
      return revokeSession(session, { cause: 'user' });
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

/** Runs to the head. */
async function runLive(world: World, views: MemoryViewStore, batchSize: number): Promise<void> {
  const head = await world.store.feed.head();
  const stop = new AbortController();
  const progressed = ({ position }: ProjectionProgress) => {
    if (position === head) stop.abort();
  };
  const ports = { feed: world.store.feed, views, clock: { now: () => world.nowMs } };
  await runProjection(sessionsProjection, ports, { signal: stop.signal, batchSize, progressed });
}

async function everyRow(views: MemoryViewStore): Promise<object> {
  const owners = ['cutoffs', ...Array.from({ length: accounts }, (_, who) => `a${who}`)];
  const lists = owners.flatMap((owner) =>
    sessionsProjection.views.map(
      async (view) => [`${owner} ${view}`, await views.list(view, 1, owner)] as const,
    ),
  );
  return Object.fromEntries(await Promise.all(lists));
}

describe('the session views', () => {
  it('folded live in batches of any size equal a rebuild, and the streams folded fact by fact', async () => {
    const histories = fc.array(act, { minLength: 20, maxLength: 120 });
    const types = new Set<string>();
    const steps = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(histories, steps, fc.integer({ min: 1, max: 20 }), async (acts, step, batchSize) => {
        const world = new World();
        const live = new MemoryViewStore();
        for (const [index, one] of [...prelude, ...acts].entries()) {
          await world.act(one);
          if (index % step === 0) await runLive(world, live, batchSize);
        }
        for (const { type } of world.store.log.events) types.add(type);
        await runLive(world, live, batchSize);
        const rows = await everyRow(live);
        const ports = { feed: world.store.feed, views: live, clock: { now: () => world.nowMs } };
        await rebuildProjection(sessionsProjection, ports, { signal: new AbortController().signal });
        expect(await everyRow(live)).toEqual(rows);
        for (const [id, { account, revision }] of world.accounts) {
          const row = (await live.load('account', 1, [id])).get(id);
          expect(row?.body).toEqual({ revision, state: JSON.parse(JSON.stringify(account)) });
        }
        for (const [id, session] of world.sessions) {
          const row = (await live.load('session', 1, [id])).get(id);
          expect(row?.body['state']).toEqual(JSON.parse(JSON.stringify(session)));
        }
      }),
      { numRuns: 100, verbose: 1 },
    );
    expect([...types]).toEqual(expect.arrayContaining(Object.keys(sessionsProjection.handlers)));
  });
});
