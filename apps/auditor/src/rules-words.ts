// What a candidate rule set would have done, as people read it.
import { ruleActions } from '@sallyport/core-session';
import type { AccountVerdicts, RulesFindings, Tally, Verdict } from '@sallyport/feature-auditor';
import { plain } from './words.js';

/** Accounts named; --json has them all. */
const maxAccountsTold = 20;

export function rulesWords(found: RulesFindings): string {
  const { ruleSet, events, from, to, findings, accounts, differing, unjudged } = found;
  const apart = accounts.filter(({ divergence }) => divergence !== undefined);
  const more = apart.length - maxAccountsTold;
  const holds = differing + unjudged.length === 0;
  const lines = [
    `rule set ${ruleSet} over ${events} events, positions ${from} to ${to}`,
    row('', 'would', 'did'),
    ...talliesOf(found).map(([name, would, happened]) => row(`decided ${name}`, would, happened)),
    ...Object.entries(findings).map(([rule, [ours, theirs]]) => row(`found ${rule}`, ours, theirs)),
    ...apart.slice(0, maxAccountsTold).map(accountWords),
    ...(more > 0 ? [`  and ${more} more accounts`] : []),
    ...unjudged.map(({ accountId, position, reason }) => {
      return `  account ${accountId}: the event at ${position} cannot be judged: ${reason}`;
    }),
    holds ? 'same' : `differs: ${differing} accounts of ${accounts.length} that either decided about`,
  ];
  return `${lines.map(plain).join('\n')}\n`;
}

function talliesOf({ would, happened }: RulesFindings): [string, number, number][] {
  const names: (keyof Omit<Tally, 'count'>)[] = [...ruleActions, 'observed', 'braked'];
  const all = names.map((name): [string, number, number] => [name, would[name], happened[name]]);
  return all.filter(([, ours, theirs]) => ours + theirs > 0);
}

function row(name: string, would: number | string, did: number | string): string {
  return `  ${name.padEnd(34)} ${String(would).padStart(8)} ${String(did).padStart(8)}`;
}

function accountWords({ accountId, divergence }: AccountVerdicts): string {
  const { position = '', at = '', would = [], happened = [] } = divergence ?? {};
  const [ours, theirs] = [verdictsWords(would), verdictsWords(happened)];
  return `  account ${accountId} at ${position} (${at}): would ${ours}, did ${theirs}`;
}

function verdictsWords(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return 'nothing';
  const words = verdicts.map(({ action, rule, combination, sessionId, outcome }) => {
    const about = sessionId === undefined ? '' : ` session ${sessionId}`;
    const why = combination === undefined ? rule : `${rule}, ${combination}`;
    return `${action}${about} (${why}${outcome === 'braked' ? ', braked' : ''})`;
  });
  return words.join(' and ');
}
