// The built service, killed in the middle of refreshes: what it answered is stored, and honest phones go on.
import { runKills } from '../tools/prove/kills.js';

const seed = Number(process.env['SALLYPORT_KILL_SEED'] ?? Date.now() % 1_000_000_000);

describe('a service killed under load', () => {
  it('has stored what it answered, gives retries the one successor, its views equal a rebuild', async () => {
    console.info(`kill seed ${seed} (SALLYPORT_KILL_SEED repeats the times)`);
    const result = await runKills({ seed, kills: 5 });
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ kills: 5, inDoubt: 60, askedAgain: 40 });
    expect(result.answers).toBeGreaterThan(100);
  }, 180_000);
});
