// Each engine is away for a while under load and comes back; what people and readers were told meanwhile.
import { busTopics } from '@sallyport/adapter-kafka';
import type { Feed } from '@sallyport/engine';
import { setTimeout as sleep } from 'node:timers/promises';
import { foreignPrograms } from '../../engines/foreign-programs.js';
import { Machines } from '../../engines/machines.js';
import { LedgerImage } from '../prove/ledger-image.js';
import type { Report } from '../report.js';
import { checkAnswers, checkTopics, withFeed } from './afterwards.js';
import { enginesOf, type Engine, type Way } from './engines.js';
import { replicaViewsProblems, viewsBehind } from './views-replay.js';
import type { ReplicaViews } from './views-replay.js';
import { WatchedLoad } from './watched-load.js';

export interface OutagesRun {
  /** Each engine is away so long. */
  readonly seconds: number;
  readonly way: Way;
  readonly report: Report;
}

export type OutageCounts = Readonly<
  Record<'secondsOfEach' | 'answers' | 'answersMeanwhile' | 'putOff' | 'lost' | 'signIns' | 'events', number>
>;

const size = { keyBound: 6, bearer: 2 };
const restMs = 60;
const servedWithinMs = 30_000;
const caughtUpWithinMs = 90_000;

/** Two session-api, two relays, two projectors; resolves with what it counted. */
export async function runOutages({ seconds, way, report }: OutagesRun): Promise<OutageCounts> {
  const workers = ['relay', 'relay', 'projector', 'projector'] as const;
  const machines = await Machines.start({ workers, partitions: 4 });
  try {
    const load = await WatchedLoad.start(machines.target, size, restMs);
    const meanwhile: number[] = [];
    for (const engine of enginesOf(machines)) {
      // Who does not work loses nothing: what follows the ledger has to be at it when something goes away.
      const behind = await withFeed(machines, async (feed) => {
        return viewsBehind(viewsOf(machines, feed, await LedgerImage.of(feed)), caughtUpWithinMs);
      });
      report.check(`before the ${engine.name} goes away the views follow`, behind.length === 0, behind);
      meanwhile.push(await oneOutage(engine, { way, seconds, load, report }));
    }
    await load.stop();
    const events = await checkAfterwards(machines, load, report);
    const answersMeanwhile = meanwhile.reduce((sum, one) => sum + one, 0);
    return { secondsOfEach: seconds, ...load.counted, answersMeanwhile, events };
  } finally {
    await machines.dispose();
  }
}

interface Outage extends Pick<OutagesRun, 'seconds' | 'report'> {
  readonly way: Way;
  readonly load: WatchedLoad;
}

/** Resolves with the answers that were given while the engine was away. */
async function oneOutage(engine: Engine, { way, seconds, load, report }: Outage): Promise<number> {
  const name = `${engine.name} ${way} for ${seconds} s`;
  const before = await load.untilAllServed(servedWithinMs);
  report.check(`${name}: all were served before`, before !== undefined);
  await engine.away(way);
  const atStart = load.counted;
  await sleep(seconds * 1000);
  const atEnd = load.counted;
  await engine.back(way);
  const answers = atEnd.answers - atStart.answers;
  const putOff = atEnd.putOff - atStart.putOff;
  report.say(`  ${name}: ${answers} refreshes answered meanwhile, ${putOff} put off`);
  if (engine.isSpared) report.check(`${name}: refreshes went on`, answers >= seconds, answers);
  else report.check(`${name}: it was missed`, putOff > 0 || answers <= size.keyBound + size.bearer, answers);
  const after = await load.untilAllServed(servedWithinMs);
  report.check(`${name}: all were served after (${after} ms)`, after !== undefined);
  return answers;
}

/** Resolves with the number of events. */
async function checkAfterwards(machines: Machines, load: WatchedLoad, report: Report): Promise<number> {
  return withFeed(machines, async (feed) => {
    const ledger = await LedgerImage.of(feed);
    checkAnswers(load, ledger, report);
    const differences = await replicaViewsProblems(viewsOf(machines, feed, ledger), caughtUpWithinMs);
    report.check(`the views are a replay of ${ledger.events} events`, differences.length === 0, differences);
    await checkTopics(machines, ledger, report);
    await checkNobodyNeededAHand(machines, report);
    return ledger.events;
  });
}

function viewsOf(machines: Machines, feed: Feed, { log: events }: LedgerImage): ReplicaViews {
  const { postgresUrl, partitions } = machines;
  return { postgresUrl, partitions, feed, events };
}

/** The processes that were there at the start still run, are ready, and have set nothing aside. */
async function checkNobodyNeededAHand(machines: Machines, report: Report): Promise<void> {
  const ended = machines.ended();
  report.check('no process ended', ended.length === 0, ended);
  const all = [...machines.workers, ...machines.replicas.apps];
  const unready = { ready: false, checks: {} };
  const states = await Promise.all(all.map((app) => app.readiness().catch(() => unready)));
  report.check('all processes are ready', states.every(({ ready }) => ready), states);
  const [reader] = foreignPrograms.filter((program) => program.isInstalled());
  if (reader === undefined) return;
  const letters = await reader.read(machines.kafka.brokers, busTopics.deadLetters);
  report.check('no record was set aside', letters.length === 0, letters.slice(0, 3));
}
