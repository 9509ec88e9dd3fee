// What is to be done on findings: the strongest that one of them, or a combination of them, asks for.
import type { RuleAction } from '@sallyport/core-session';
import type { Decision, Finding } from './finding.js';
import { rankOf } from './rule-set.js';
import type { Combination } from './rule-set.js';
import { traitsOf } from './rule-table.js';
import { push, stateLimits } from './state.js';
import type { RecentFinding } from './state.js';
import { isNewDevice } from './watch.js';
import type { RuleContext, Watch } from './watch.js';

interface Grade {
  readonly action: RuleAction;
  readonly finding: Finding;
  readonly findingIds: readonly string[];
  readonly combination?: string;
}

/** The decisions on what was found now together with what was found lately; none that is in force already. */
export function grade(watch: Watch): Decision[] {
  const enforced = strongest(watch, true);
  const decisions = enforced.flatMap((graded) => decide(watch, graded, 'enforce'));
  // What the rules that only observe would have done, where that is more than what is done.
  const rank = Math.max(-1, ...enforced.map(({ action }) => rankOf(action)));
  const [wouldBe] = strongest(watch, false);
  if (wouldBe === undefined || rankOf(wouldBe.action) <= rank) return decisions;
  return [...decisions, ...decide(watch, wouldBe, 'observe')];
}

/** The decision on one finding by itself: for those across accounts, which are part of no combination. */
export function decideAlone(context: RuleContext, finding: Finding): Decision[] {
  if (finding.sessionId === undefined && rankOf(finding.action) < rankOf('hold')) return [];
  const graded = { action: finding.action, finding, findingIds: [finding.id] };
  return [decisionOf(context, graded, finding.mode)];
}

/** One on the account when it is more than step-up, else one for each session; the strongest first. */
function strongest(watch: Watch, enforceOnly: boolean): Grade[] {
  const grades: Grade[] = [];
  for (const finding of watch.findings) {
    if (enforceOnly && finding.mode !== 'enforce') continue;
    grades.push({ action: finding.action, finding, findingIds: [finding.id] });
    grades.push(...combined(watch, finding, enforceOnly));
  }
  grades.sort((a, b) => rankOf(b.action) - rankOf(a.action));
  const [first] = grades;
  if (first === undefined || isOnAccount(first.action)) return grades.slice(0, 1);
  const sessions = new Set<string | undefined>();
  return grades.filter(({ finding: { sessionId } }) => {
    const isFirst = sessionId !== undefined && !sessions.has(sessionId);
    sessions.add(sessionId);
    return isFirst;
  });
}

/** The combinations that the finding completes. */
function combined(watch: Watch, finding: Finding, enforceOnly: boolean): Grade[] {
  const grades: Grade[] = [];
  for (const combination of watch.context.set.config.combinations) {
    const parts = partsOf(watch, combination, enforceOnly);
    if (parts === undefined || !parts.some(({ id }) => id === finding.id)) continue;
    const findingIds = parts.map(({ id }) => id);
    grades.push({ action: combination.action, finding, findingIds, combination: combination.name });
  }
  return grades;
}

/** One recent finding of each group, the one at hand where it fits; undefined when a group has none. */
function partsOf(watch: Watch, combination: Combination, enforceOnly: boolean): RecentFinding[] | undefined {
  const { state, context, event } = watch;
  const spanMs = context.set.config.combinationSeconds * 1000;
  const newestMs = Math.max(...watch.findings.map(({ atMs }) => atMs));
  const parts: RecentFinding[] = [];
  for (const [index, group] of combination.groups.entries()) {
    const fits = (recent: RecentFinding): boolean =>
      group.includes(recent.rule) &&
      traitsOf(recent.rule).evidence === 'own' &&
      !recent.softened &&
      (recent.enforce || !enforceOnly) &&
      Math.abs(newestMs - recent.atMs) <= spanMs &&
      (!combination.newDevice || index > 0 || isNewDevice(watch, recent.device, recent.atMs));
    const part =
      state.recent.findLast((recent) => recent.position === event.position && fits(recent)) ??
      state.recent.findLast(fits);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts;
}

function decide(watch: Watch, graded: Grade, mode: Decision['mode']): Decision[] {
  const { state } = watch;
  const { action, finding } = graded;
  const session = isOnAccount(action) ? '' : (finding.sessionId ?? '');
  const isOpen = state.open.some(
    (open) => rankOf(open.action) >= rankOf(action) && (open.session === '' || open.session === session),
  );
  if (isOpen) return [];
  if (mode === 'enforce' && action !== 'flag') {
    const open = { rule: finding.rule, action, session, atMs: finding.atMs, hold: '' };
    push(state.open, open, stateLimits.open);
  }
  return [decisionOf(watch.context, graded, mode)];
}

function decisionOf({ set, digest }: RuleContext, graded: Grade, mode: Decision['mode']): Decision {
  const { action, finding, findingIds, combination } = graded;
  const { accountId, rule, trigger, sessionId, deviceId } = finding;
  const about = isOnAccount(action) ? {} : { sessionId, ...(deviceId === undefined ? {} : { deviceId }) };
  return {
    id: digest(`decision ${accountId} ${rule} ${set.hash} ${trigger.position}`),
    accountId,
    rule,
    ruleSet: set.hash,
    mode,
    action,
    trigger: trigger.position,
    findingIds,
    ...about,
    ...(combination === undefined ? {} : { combination }),
  };
}

function isOnAccount(action: RuleAction): boolean {
  return rankOf(action) >= rankOf('hold');
}
