// The thread that writes the views, as built, on real files: follows, and survives being killed.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import { SqliteEventStore, SqliteFeed, SqliteViewStore } from '@sallyport/adapter-sqlite';
import { changePassword, openAccount, sessionStanding, startSession } from '@sallyport/core-session';
import type { AccountState, SessionState } from '@sallyport/core-session';
import { sessionsProjection, timelineProjection } from '@sallyport/core-views';
import { rebuildProjection } from '@sallyport/engine';
import type { JsonObject } from '@sallyport/engine';
import { ViewWorker } from '@sallyport/feature-sessions';
import { grant, startBearer } from '@sallyport/testing';

const script = fileURLToPath(new URL('../../../dist/apps/standalone/src/views-worker.js', import.meta.url));
const nowMs = Date.parse('2026-11-22T12:00:00.000Z');
let directory: string;
let store: SqliteEventStore;
let feed: SqliteFeed;
let worker: ViewWorker;
let threads: Worker[];
let made = 0;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-views-'));
  store = SqliteEventStore.open({ file: join(directory, 'ledger.sqlite'), clock: { now: () => nowMs } });
  feed = SqliteFeed.of(store);
  threads = [];
  const workerData = {
    ledgerFile: join(directory, 'ledger.sqlite'),
    viewsFile: join(directory, 'views.sqlite'),
  };
  worker = new ViewWorker({
    spawn: () => {
      threads.push(new Worker(script, { workerData }));
      return threads.at(-1) as Worker;
    },
    feed,
    restartDelaysMs: [1],
  });
});

afterEach(async () => {
  await worker.onApplicationShutdown();
  await store.close();
  rmSync(directory, { recursive: true });
});

async function append(stream: string, facts: readonly { type: string; data: object }[]): Promise<string> {
  const context = {
    correlationId: 'c',
    causationId: 'c',
    partitionKey: 'a',
    actor: { kind: 'system' as const },
  };
  const events = facts.map(({ type, data }) => {
    made += 1;
    return { id: `e${made}`, type, schemaVersion: 1, data: data as JsonObject, ...context };
  });
  return (await store.append({ stream, expected: 'any', events, guards: [] })).position;
}

async function openAccountAt(id: string): Promise<AccountState> {
  const { events } = openAccount(undefined, { nowMs, nameHash: 'n', credential: 'c' });
  await append(`account-${id}`, events);
  return (events[0] as { data: { state: AccountState } }).data.state;
}

interface Fact {
  readonly type: string;
  readonly data: { readonly state: SessionState };
}

function sessionOf(sessionId: string, account: AccountState): Fact {
  const decision = startSession(
    { session: undefined, started: undefined, account, cutoffs: { v: 1 } },
    {
      ...startBearer,
      nowMs,
      grant: { ...grant, sessionId, accountId: 'a', marker: { account: 0, cutoffs: -1 }, authTimeMs: nowMs },
    },
  );
  if (decision.kind !== 'started') throw new Error(decision.kind);
  return decision.events[0] as Fact;
}

/** The session's fact in a round of refreshes, from the state after that many. */
function inRound(round: number, started: Fact): Fact {
  if (round === 0) return started;
  return { type: 'session.refresh-rotated', data: { state: { ...started.data.state, generation: round } } };
}

describe("the views' thread", () => {
  it('shows what was written, soon, with the standing that follows', async () => {
    const account = await openAccountAt('a');
    worker.onApplicationBootstrap();
    const started = await append('session-s1', [sessionOf('s1', account)]);
    expect(await worker.waitFor(started, 10_000)).toBe(true);
    const before = performance.now();
    const changed = await append(
      'account-a',
      changePassword({ account, revision: 0 }, { credential: 'c' }).events,
    );
    expect(await worker.waitFor(changed, 10_000)).toBe(true);
    expect(performance.now() - before).toBeLessThan(1_000);
    const views = SqliteViewStore.openReadOnly(join(directory, 'views.sqlite'));
    const session = (await views.list('session', 1, 'a'))[0]?.body['state'] as unknown as SessionState;
    const state = (await views.load('account', 1, ['a'])).get('a')?.body['state'] as unknown as AccountState;
    expect(sessionStanding({ sessionId: 's1', session, account: state, cutoffs: { v: 1 } }, nowMs)).toEqual({
      status: 'ended',
      reason: 'password_changed',
    });
    expect(await worker.lag()).toEqual({ events: 0, seconds: 0 });
    views.close();
  });

  it('killed again and again in the middle of its work, ends with what a rebuild makes', async () => {
    const account = await openAccountAt('a');
    worker.onApplicationBootstrap();
    const sessions = Array.from({ length: 50 }, (_, n) => `s${n}`);
    let last = '0';
    for (let round = 0; round < 60; round += 1) {
      const stored = sessions.map((id) => append(`session-${id}`, [inRound(round, sessionOf(id, account))]));
      last = (await Promise.all(stored)).at(-1) ?? last;
      if (round % 10 === 5) await threads.at(-1)?.terminate();
    }
    expect(await worker.waitFor(last, 20_000)).toBe(true);
    expect(threads.length).toBeGreaterThan(3);
    await worker.onApplicationShutdown();
    const views = SqliteViewStore.open(join(directory, 'views.sqlite'));
    const rows = () => Promise.all(['session', 'timeline'].map((view) => views.list(view, 1, 'a')));
    const live = await rows();
    const ports = { feed, views, clock: { now: () => nowMs } };
    for (const projection of [sessionsProjection, timelineProjection]) {
      await rebuildProjection(projection, ports, { signal: new AbortController().signal });
    }
    expect(live.map(({ length }) => length)).toEqual([50, 51]);
    expect(await rows()).toEqual(live);
    views.close();
  });

  it('needs no message to end when it is told to', async () => {
    await openAccountAt('a');
    worker.onApplicationBootstrap();
    await worker.waitFor('1', 10_000);
    const ended = new Promise((resolve) => threads[0]?.once('exit', resolve));
    await worker.onApplicationShutdown();
    expect(await ended).toBe(0);
    expect(existsSync(join(directory, 'views.sqlite-wal'))).toBe(false);
  });
});
