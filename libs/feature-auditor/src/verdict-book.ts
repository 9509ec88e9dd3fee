// What was decided about accounts and what would have been, side by side, and where the two first part.
import { ruleActions } from '@sallyport/core-session';
import type { RuleAction } from '@sallyport/core-session';
import { comparePositions } from '@sallyport/engine';
import type { Position } from '@sallyport/engine';

/** A decision that is carried out, as far as the one it is about would notice, and by which rule. */
export interface Verdict {
  readonly action: RuleAction;
  readonly rule: string;
  readonly combination?: string;
  /** Position of the event on which it was decided. */
  readonly trigger: Position;
  /** Store time of that event; of a decision that the ledger has, when it was recorded. */
  readonly at: string;
  /** Absent: the whole account. */
  readonly sessionId?: string;
  /** In the ledger only; `braked`: decided, and not carried out. */
  readonly outcome?: 'sent' | 'braked';
}

/** The first event on which the two decide otherwise. What follows it is no comparison any more: from there
 * on the account's people met other answers than the candidate would have given. */
export interface Divergence {
  readonly position: Position;
  readonly at: string;
  readonly would: readonly Verdict[];
  readonly happened: readonly Verdict[];
}

export interface AccountVerdicts {
  readonly accountId: string;
  /** How often, by action. */
  readonly would: Readonly<Partial<Record<RuleAction, number>>>;
  readonly happened: Readonly<Partial<Record<RuleAction, number>>>;
  readonly divergence?: Divergence;
}

/** Decisions by action; those of rules that only observe, and those that were braked, are none of them. */
export class Tally implements Readonly<Record<RuleAction, number>> {
  flag = 0;
  step_up = 0;
  hold = 0;
  reauthenticate = 0;
  lock = 0;
  observed = 0;
  braked = 0;

  count(action: RuleAction, otherwise: 'observed' | 'braked' | undefined): void {
    this[otherwise ?? action] += 1;
  }
}

interface Sides {
  readonly would: Verdict[];
  readonly happened: Verdict[];
}

export class VerdictBook {
  readonly would = new Tally();
  readonly happened = new Tally();
  private readonly sides = new Map<string, Sides>();

  wouldHave(accountId: string, verdict: Verdict): void {
    this.of(accountId).would.push(verdict);
  }

  didHave(accountId: string, verdict: Verdict): void {
    this.of(accountId).happened.push(verdict);
  }

  /** But those that cannot be compared. */
  accounts(except: ReadonlySet<string>): AccountVerdicts[] {
    const told = [...this.sides].filter(([accountId]) => !except.has(accountId));
    return told.map(([accountId, { would, happened }]) => {
      const divergence = firstDivergence(would, happened);
      const counts = { would: countsOf(would), happened: countsOf(happened) };
      return { accountId, ...counts, ...(divergence === undefined ? {} : { divergence }) };
    });
  }

  private of(accountId: string): Sides {
    let sides = this.sides.get(accountId);
    if (sides === undefined) this.sides.set(accountId, (sides = { would: [], happened: [] }));
    return sides;
  }
}

/** By effect: which rule it was makes no difference to anybody. */
function firstDivergence(would: readonly Verdict[], happened: readonly Verdict[]): Divergence | undefined {
  const triggers = new Set([...would, ...happened].map(({ trigger }) => trigger));
  for (const position of [...triggers].sort(comparePositions)) {
    const [ours, theirs] = [would, happened].map((all) => all.filter(({ trigger }) => trigger === position));
    if (effectsOf(ours) === effectsOf(theirs)) continue;
    const at = ours?.[0]?.at ?? theirs?.[0]?.at ?? '';
    return { position, at, would: ours ?? [], happened: theirs ?? [] };
  }
  return undefined;
}

function effectsOf(verdicts: readonly Verdict[] = []): string {
  return verdicts
    .map(({ action, sessionId = '' }) => `${action} ${sessionId}`)
    .sort()
    .join('\n');
}

function countsOf(verdicts: readonly Verdict[]): Partial<Record<RuleAction, number>> {
  const counts = ruleActions.map(
    (action) => [action, verdicts.filter((verdict) => verdict.action === action).length] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
