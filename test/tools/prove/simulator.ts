// The simulator at length: thieves and honest people of a month, under the shipped rules.
import { runSimulation } from '../simulate/run.js';
import { aims } from '../simulate/score.js';
import type { RunScore } from '../simulate/score.js';
import type { Report } from '../report.js';

interface SimulatorRun {
  readonly seed: number;
  /** Accounts. */
  readonly count: number;
  /** 30 by default. */
  readonly days?: number | undefined;
  readonly report: Report;
}

/** Those named in the report; the others are counted by kind. */
const named = 10;

/** Recall and disturbance against their aims, with the rules on countries; without them as counted. */
export async function proveSimulator(asked: SimulatorRun): Promise<Record<string, number>> {
  const { seed, count, days = 30, report } = asked;
  const progress = (lines: number): void => {
    if (lines % 1_000_000 === 0) report.say(`  ${lines} events`);
  };
  const { events, runs } = await runSimulation({ seed, accounts: count, days, progress });
  const counted: Record<string, number> = { events, days };
  for (const run of runs) {
    report.say(`  rules on countries ${run.countryRules}`);
    Object.assign(counted, countsOf(run));
    for (const { account, population, action, rules } of run.honest.list.slice(0, named)) {
      report.say(`  disturbed: ${account}, ${population ?? 'honest'}, ${action} by ${rules.join(', ')}`);
    }
    for (const { account, kind, found } of run.misses.slice(0, named)) {
      report.say(`  missed: ${account}, ${kind}, found ${found.join(', ') || 'nothing'}`);
    }
    if (run.countryRules === 'on') aim(run, report);
  }
  return counted;
}

function aim({ attackers, honest }: RunScore, report: Report): void {
  report.figure({
    name: 'attackers found',
    value: attackers.recall,
    unit: `of ${attackers.accounts}`,
    aim: `>= ${aims.recall}`,
    holds: attackers.recall >= aims.recall,
  });
  report.figure({
    name: 'honest accounts disturbed by more than a step-up',
    value: honest.disturbedShare,
    unit: `of ${honest.accounts}`,
    aim: `<= ${aims.disturbed}`,
    holds: honest.disturbedShare <= aims.disturbed,
  });
}

/** By name: `on.recall`, `on.scraper.recall`, `off.honest.disturbed` and so on. */
function countsOf({ countryRules, attackers, honest, misses }: RunScore): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (name: string, value: number): number => (counts[`${countryRules}.${name}`] = value);
  for (const name of ['accounts', 'caught', 'caughtByRules', 'stopped', 'recall', 'recallOfRules'] as const) {
    add(`attackers.${name}`, attackers[name]);
    for (const [kind, score] of Object.entries(attackers.kinds)) add(`${kind}.${name}`, score[name]);
  }
  add('missed', misses.length);
  for (const name of ['accounts', 'askedToStepUp', 'disturbed', 'disturbedShare'] as const) {
    add(`honest.${name}`, honest[name]);
  }
  return counts;
}
