// The races of the ledger, two processes over the protocol of EventStoreDB: late guards and lost answers.
import { resultCountOfSetting, runRaces, wiredName } from '../tools/races/races.js';

const rounds = 1;
const seed = Number(process.env['SALLYPORT_RACES_SEED'] ?? Date.now() % 1_000_000_000);

describe('a revocation that meets refreshes, exchanges and sign-ins in flight, on EventStoreDB', () => {
  it('ends all that was decided before it, and one token has one successor', async () => {
    console.info(`seed ${seed} of the races (SALLYPORT_RACES_SEED repeats it)`);
    const results = await runRaces({ rounds, seed, setting: wiredName });
    expect(results).toHaveLength(resultCountOfSetting);
    expect(results.filter(({ violations }) => violations.length > 0)).toEqual([]);
    expect(results.reduce((sum, { inside }) => sum + inside, 0)).toBeGreaterThan(0);
  }, 300_000);
});
