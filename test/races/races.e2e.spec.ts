// Revocations against what is in flight: nothing that was decided before a revocation is alive after it.
import { proved } from '../tools/prove/as-process.js';
import { resultCount } from '../tools/races/races.js';

const seed = Number(process.env['SALLYPORT_RACES_SEED'] ?? 1 + (Date.now() % 1_000_000_000));
/** Besides the races themselves: that all were run, and that they met. */
const otherChecks = 2;

describe('a revocation that meets refreshes, exchanges and sign-ins in flight', () => {
  it('ends all that was decided before it, and one token has one successor', async () => {
    console.info(`seed ${seed} of the races (SALLYPORT_RACES_SEED repeats it)`);
    const { passed, failed } = await proved('races', { count: 50, seed });
    expect({ passed, failed }).toEqual({ passed: resultCount + otherChecks, failed: 0 });
  }, 600_000);
});
