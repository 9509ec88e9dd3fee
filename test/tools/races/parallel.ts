// The settings of the races beside each other, each in a thread of its own, as many at once as cores.
import { availableParallelism } from 'node:os';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { runRaces, settingNames } from './races.js';
import type { RaceResult, RacesRun } from './races.js';

/** As `runRaces`, on all cores: results of different settings come in between each other. */
export async function runRacesInParallel({ progress, ...run }: RacesRun): Promise<RaceResult[]> {
  const waiting = [...settingNames];
  const results: RaceResult[] = [];
  const take = (result: RaceResult): void => {
    results.push(result);
    progress?.(result);
  };
  const core = async (): Promise<void> => {
    for (let setting = waiting.shift(); setting !== undefined; setting = waiting.shift()) {
      await runInThread({ ...run, setting }, take);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, core));
  return results;
}

function runInThread(run: RacesRun, take: (result: RaceResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: run });
    thread.on('message', take);
    thread.once('error', reject);
    thread.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a thread of the races ended with ${code}`));
    });
  });
}

if (!isMainThread) {
  const progress = (result: RaceResult): void => parentPort?.postMessage(result);
  await runRaces({ ...(workerData as RacesRun), progress });
}
