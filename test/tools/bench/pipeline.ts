// A process of its own: the whole service, with events appended past its HTTP at a steady rate. It tells how
// long it takes until views show them, and until what rules decide on them is in force, as one line of JSON.
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { comparePositions, EventStore, Feed } from '@sallyport/engine';
import type { Position, RecordedEvent } from '@sallyport/engine';
import { RuleThread } from '@sallyport/feature-anomaly';
import {
  HttpMetrics,
  openSocket,
  RequestGate,
  ServiceLog,
  startHttpApplication,
  SystemClock,
  SystemIds,
  TrustedProxies,
} from '@sallyport/feature-operations';
import { ViewProgress } from '@sallyport/feature-sessions';
import { newMasterKeyText, parseMasterKey } from '@sallyport/tokens';
import { Registry } from 'prom-client';
import { readConfig } from '../../../apps/standalone/src/config.js';
import { StandaloneModule } from '../../../apps/standalone/src/standalone.module.js';
import { HistoryMaker, type MadePerson } from '../history/made-ledger.js';
import { Random } from '../races/random.js';
import type { PipelineResult } from './pipeline-load.js';

const [perSecond = 2000, seconds = 10] = process.argv.slice(2).map(Number);
const warmUpSeconds = 3;
/** So many that nobody refreshes as often as only machines do. */
const peopleCount = 4000;
/** Of so many events one is from a country where its person cannot be. */
const suspectEvery = 100;
/** Who is suspected once is held already: each is somebody else. */
const suspects = 1000;
const tickMs = 5;
const watchEvery = 4;
/** Refreshes so far: whose the next one is, and from where. */
let turn = 0;

const clock = new SystemClock();
const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-pipeline-'));
const socket = await openSocket({ host: '127.0.0.1', port: 0 });
const app = await start();
try {
  const result = await measure();
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await socket.stop(0);
  await app.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function start(): Promise<INestApplicationContext> {
  const { config, mistakes = [] } = readConfig({ SALLYPORT_DATA_DIR: dataDir, SALLYPORT_LOG_LEVEL: 'error' });
  if (config === undefined) throw new Error(mistakes.join(' '));
  const ids = new SystemIds();
  const master = parseMasterKey(newMasterKeyText(ids));
  const registry = new Registry();
  const issuer = `http://127.0.0.1:${socket.port}`;
  const gate = new RequestGate(1);
  return startHttpApplication(StandaloneModule.of({ config, issuer, master, clock, ids, registry }), {
    socket,
    gate,
    log: new ServiceLog('error'),
    metrics: new HttpMetrics(registry, () => gate.inFlight),
    proxies: new TrustedProxies([]),
    https: false,
    stopping: () => socket.stopping,
  });
}

async function measure(): Promise<PipelineResult> {
  const store = app.get(EventStore, { strict: false });
  const maker = new HistoryMaker(store, clock, new Random(1));
  const people = await arriveAll(maker);
  await caughtUp();
  const views: number[] = [];
  await load(maker, people, { seconds: warmUpSeconds, watched: undefined });
  const from = await headOf();
  const startedAt = performance.now();
  const count = await load(maker, people, { seconds, watched: views });
  const elapsed = (performance.now() - startedAt) / 1000;
  await caughtUp();
  return { events: count, perSecond: count / elapsed, views, decisions: await decisionsAfter(from) };
}

/** Everybody signs in and refreshes at home once. */
async function arriveAll(maker: HistoryMaker): Promise<MadePerson[]> {
  const people: MadePerson[] = [];
  while (people.length < peopleCount) {
    const group = Array.from({ length: 100 }, () => maker.arrive());
    await Promise.all(group.flatMap(({ appended }) => appended));
    people.push(...group.map(({ person }) => person));
    await Promise.all(group.map(({ person }) => maker.refresh(person)));
  }
  return people;
}

/** Refreshes at the rate, whatever becomes of them; resolves with how many there were when all are stored. */
async function load(
  maker: HistoryMaker,
  people: readonly MadePerson[],
  how: { readonly seconds: number; readonly watched: number[] | undefined },
): Promise<number> {
  const progress = app.get(ViewProgress, { strict: false });
  const waiting: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let made = 0; ; ) {
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs >= how.seconds * 1000) break;
    for (const due = (elapsedMs * perSecond) / 1000; made < due; made += 1) {
      waiting.push(one(made % watchEvery === 0 ? how.watched : undefined));
    }
    await sleep(tickMs);
  }
  await Promise.all(waiting);
  return waiting.length;

  async function one(watched: number[] | undefined): Promise<void> {
    turn += 1;
    const at = performance.now();
    const isSuspect = turn % suspectEvery === 0;
    const who = isSuspect ? turn / suspectEvery : suspects + (turn % (peopleCount - suspects));
    const person = people[who % peopleCount] as MadePerson;
    const { position } = await maker.refresh(person, isSuspect ? 'SG' : 'CH');
    if (watched === undefined) return;
    if (await progress.waitFor(position, 30_000, person.accountId)) watched.push(performance.now() - at);
  }
}

/** How long after their trigger was stored the decisions of the rules were in force, milliseconds. */
async function decisionsAfter(from: Position): Promise<number[]> {
  const feed = app.get(Feed, { strict: false });
  const storedMs = new Map<Position, number>();
  const latencies: number[] = [];
  for (let at = from; ; ) {
    const events: RecordedEvent[] = await feed.read(at, 1000);
    const last = events.at(-1);
    if (last === undefined) return latencies;
    for (const { type, position, recordedAt, data } of events) {
      storedMs.set(position, Date.parse(recordedAt));
      if (type !== 'account.sensitive-actions-held') continue;
      const { trigger } = (data['decision'] ?? {}) as { readonly trigger?: Position };
      const triggerMs = storedMs.get(trigger ?? '');
      if (triggerMs !== undefined) latencies.push(Date.parse(recordedAt) - triggerMs);
    }
    at = last.position;
  }
}

async function headOf(): Promise<Position> {
  return (await app.get(Feed, { strict: false }).head()) ?? '0';
}

/** Views and rules have seen everything, and what was decided is done. */
async function caughtUp(): Promise<void> {
  const [views, rules] = [app.get(ViewProgress, { strict: false }), app.get(RuleThread, { strict: false })];
  for (let before = ''; ; ) {
    const head = await headOf();
    const shown = await views.position('');
    const isThere = [shown, rules.position].every((at) => comparePositions(at, head) >= 0);
    if (isThere && head === before) return;
    before = isThere ? head : '';
    await sleep(isThere ? 300 : 20);
  }
}
