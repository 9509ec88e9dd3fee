// Runs the rotation model on random steps until enough refreshes were answered; shrinks what it finds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { SqliteFeed } from '@sallyport/adapter-sqlite';
import { streamProblems } from '@sallyport/core-session';
import type { RecordedEvent } from '@sallyport/engine';
import { openGround } from './local-service.js';
import type { Ground } from './local-service.js';
import { RotationModel, stepKinds } from './rotation-model.js';
import type { Step } from './rotation-model.js';
import { Violation } from './rules.js';

export interface ModelRun {
  readonly seed: number;
  /** How many refreshes the service has to answer. */
  readonly refreshes: number;
  /** Told after each batch of histories. */
  readonly progress?: (refreshes: number) => void;
}

const stepsPerHistory = 1_200;
const historiesPerBatch = 4;

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...stepKinds), who: fc.nat(63), how: fc.nat(63) }),
  { minLength: stepsPerHistory / 2, maxLength: stepsPerHistory, size: 'max' },
);

/** Resolves with the number of refreshes; rejects with fast-check's report, seed and counterexample in it. */
export async function runRotationModel(run: ModelRun): Promise<number> {
  let refreshes = 0;
  const history = fc.asyncProperty(steps, async (taken) => {
    refreshes += await live(taken);
  });
  for (let batch = 0; refreshes < run.refreshes; batch += 1) {
    await fc.assert(history, { seed: run.seed + batch, numRuns: historiesPerBatch, endOnFailure: true });
    run.progress?.(refreshes);
  }
  return refreshes;
}

/** One history on a ledger of its own; resolves with its refreshes. */
async function live(taken: readonly Step[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-model-'));
  const ground = openGround(directory, { synchronous: 'OFF' });
  try {
    const model = await RotationModel.create(ground);
    try {
      for (const step of taken) await model.take(step);
    } finally {
      await model.close();
    }
    await foldsAndChainsHold(ground);
    return model.refreshes;
  } finally {
    await ground.store.close();
    await ground.secrets.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Carried state equals folded state on every event, and every stream's chain of hashes holds. */
async function foldsAndChainsHold(ground: Ground): Promise<void> {
  const streams = new Map<string, RecordedEvent[]>();
  const feed = SqliteFeed.of(ground.store);
  for (
    let page = await feed.read(null, 5_000);
    page.length > 0;
    page = await feed.read(page.at(-1)!.position, 5_000)
  ) {
    for (const event of page) {
      const stream = streams.get(event.stream) ?? [];
      stream.push(event);
      streams.set(event.stream, stream);
    }
  }
  const problems = [...streams].flatMap(([stream, events]) => streamProblems(stream, events));
  if (problems.length > 0) throw new Violation(problems.slice(0, 5).join('\n'));
}
