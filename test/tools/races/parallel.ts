// Parts of the races beside each other, each in a thread of its own, as many at once as cores.
import { on } from 'node:events';
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { raceGroups, runRaces, settingNames } from './races.js';
import type { RaceResult, RacesRun } from './races.js';

/** In every setting, on all cores: results of different settings come in between each other. */
export async function runRacesInParallel({
  progress,
  ...run
}: Omit<RacesRun, 'setting'>): Promise<RaceResult[]> {
  const groups = run.only === undefined ? raceGroups : [run.only];
  const waiting = settingNames.flatMap((setting) => groups.map((only) => ({ ...run, setting, only })));
  const results: RaceResult[] = [];
  const take = (result: RaceResult): void => {
    results.push(result);
    progress?.(result);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, () => runInThread(waiting, take)));
  return results;
}

/** What a thread tells: a result, or that it waits for a part. */
type Told = RaceResult | 'next';

/** A thread that takes part after part, until none waits. */
function runInThread(waiting: RacesRun[], take: (result: RaceResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url));
    thread.on('message', (told: Told) => {
      if (told === 'next') thread.postMessage(waiting.shift());
      else take(told);
    });
    thread.once('error', reject);
    thread.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a thread of the races ended with ${code}`));
    });
  });
}

async function followOrders(port: MessagePort): Promise<void> {
  const tell = (told: Told): void => port.postMessage(told);
  tell('next');
  for await (const [part] of on(port, 'message') as AsyncIterable<[RacesRun | undefined]>) {
    if (part === undefined) break;
    await runRaces({ ...part, progress: tell });
    tell('next');
  }
}

if (parentPort !== null) await followOrders(parentPort);
