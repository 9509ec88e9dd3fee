// A run's result for people.
import type { Result } from './run.js';
import type { KindScore, RunScore } from './score.js';

/** Misses named in the summary; the document of `--json` has them all. */
const named = 20;

export function summaryOf({ runs, events, accounts, seconds }: Result): string {
  const lines = [`${events} events of ${accounts} accounts, judged in ${seconds} s`];
  for (const run of runs) lines.push('', ...runLines(run));
  return `${lines.join('\n')}\n`;
}

function runLines({ countryRules, attackers, honest, misses }: RunScore): string[] {
  const lines = [
    `Rules on countries ${countryRules}`,
    kindLine('all attackers', attackers),
    ...Object.entries(attackers.kinds).map(([kind, score]) => kindLine(`  ${kind}`, score)),
    `honest: ${honest.disturbed} of ${honest.accounts} disturbed by more than a step-up, ` +
      `${honest.askedToStepUp} asked for a step-up or more`,
  ];
  for (const [population, [all, asked, disturbed]] of Object.entries(honest.populations)) {
    lines.push(`  ${population}: ${disturbed} of ${all} disturbed, ${asked} asked`);
  }
  for (const { account, population, action, rules } of honest.list.slice(0, named)) {
    lines.push(`  disturbed ${account} (${population ?? 'honest'}): ${action} by ${rules.join(', ')}`);
  }
  for (const { account, kind, found } of misses.slice(0, named)) {
    lines.push(`  missed ${account} (${kind}): ${found.length === 0 ? 'nothing found' : found.join(', ')}`);
  }
  if (misses.length > named) lines.push(`  and ${misses.length - named} more missed`);
  return lines;
}

function kindLine(name: string, score: KindScore): string {
  const { accounts, caught, recall, caughtByRules, stopped, medianMinutes } = score;
  const when = medianMinutes === null ? '' : `, after ${medianMinutes} min (median)`;
  return (
    `${name}: recall ${recall} (${caught} of ${accounts}; ${caughtByRules} by rules, ` +
    `${stopped} by more than a step-up${when})`
  );
}
