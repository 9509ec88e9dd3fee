// The simulator repeats itself by its seed, keeps time, and says of the rules what is true of them.
import { simulate } from './population.js';
import { runSimulation } from './run.js';
import type { Line } from './line.js';
import { attacks } from './thief.js';

const scale = { seed: 7, accounts: 150, days: 5 };

describe('a simulation', () => {
  it('is the same for the same seed, and another for another', () => {
    const lines = [...simulate(scale).lines];
    expect(lines.length).toBeGreaterThan(5000);
    expect([...simulate(scale).lines]).toEqual(lines);
    expect([...simulate({ ...scale, seed: 8 }).lines]).not.toEqual(lines);
  });

  it('tells its events in order of time', () => {
    const times = [...simulate(scale).lines].map(({ ms }) => ms);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('makes its events only as they are asked for', () => {
    const { lines } = simulate({ seed: 7, accounts: 2000, days: 10_000 });
    expect((lines.next().value as Line).kind).toBe('sign_in');
  });

  it('has thieves of all seven kinds, and labels their sessions from the first on', () => {
    const { lines, labels } = simulate(scale);
    const all = [...lines];
    const attacked = [...labels.values()].filter(({ attack }) => attack !== undefined);
    expect(new Set(attacked.map(({ attack }) => attack))).toEqual(new Set(attacks));
    for (const { account, attack, fromMs = 0, sessions = [] } of attacked) {
      const used = all.filter((line) => line.account === account && sessions.includes(line.session ?? ''));
      expect([attack, used.some(({ ms }) => Math.floor(ms) >= Math.floor(fromMs))]).toEqual([attack, true]);
    }
  });

  it('scores the rules with and without those on countries', async () => {
    const { runs } = await runSimulation(scale);
    expect(runs.map(({ countryRules }) => countryRules)).toEqual(['on', 'off']);
    for (const { attackers, honest, misses } of runs) {
      expect(attackers.accounts + honest.accounts).toBe(scale.accounts);
      expect(attackers.caught + misses.length).toBe(attackers.accounts);
      expect(Object.keys(attackers.kinds).sort()).toEqual([...attacks].sort());
    }
    const [on, off] = runs;
    expect(on?.attackers.caught).toBeGreaterThan(0);
    expect(off?.attackers.caught).toBeLessThanOrEqual(on?.attackers.caught ?? 0);
  });
});
