// Revocations against what is in flight: nothing that was decided before a revocation is alive after it.
import { resultCount, runRaces } from '../tools/races/races.js';

const rounds = 50;
const seed = Number(process.env['SALLYPORT_RACES_SEED'] ?? Date.now() % 1_000_000_000);

describe('a revocation that meets refreshes, exchanges and sign-ins in flight', () => {
  it('ends all that was decided before it, and one token has one successor', async () => {
    console.info(`seed ${seed} of the races (SALLYPORT_RACES_SEED repeats it)`);
    const results = await runRaces({ rounds, seed });
    expect(results).toHaveLength(resultCount);
    expect(results.filter(({ violations }) => violations.length > 0)).toEqual([]);
    // Races that never meet prove nothing.
    const pairings = results.filter(({ race }) => race.includes(' x '));
    const met = pairings.reduce((sum, { inside }) => sum + inside, 0);
    expect(met).toBeGreaterThan((pairings.length * rounds) / 5);
  }, 600_000);
});
