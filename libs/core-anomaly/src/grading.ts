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
  readonly finding: RecentFinding;
  readonly findingIds: readonly string[];
  readonly combination?: string;
}

/**
 * The decisions on what was found now together with what was found lately; none that is in force already.
 * `again`: all that was found lately is looked at, because the event made devices new that were the first.
 */
export function grade(watch: Watch, again: boolean): Decision[] {
  const { position } = watch.event;
  const now = watch.state.recent.filter((recent) => again || recent.position === position);
  const enforced = strongest(watch, now, true);
  const decisions = enforced.flatMap((graded) => decide(watch, graded, 'enforce'));
  // What the rules that only observe would have done, where that is more than what is done.
  const rank = Math.max(-1, ...enforced.map(({ action }) => rankOf(action)));
  const [wouldBe] = strongest(watch, now, false);
  if (wouldBe === undefined || rankOf(wouldBe.action) <= rank) return decisions;
  return [...decisions, ...decide(watch, wouldBe, 'observe')];
}

/** The decision on one finding by itself: for those across accounts, which are part of no combination. */
export function decideAlone({ set, digest }: RuleContext, finding: Finding): Decision[] {
  const { accountId, rule, action, mode, sessionId, deviceId, trigger } = finding;
  if (sessionId === undefined && !isOnAccount(action)) return [];
  const about = isOnAccount(action) ? {} : { sessionId, ...(deviceId === undefined ? {} : { deviceId }) };
  const id = decisionId(digest, [accountId, rule, set.hash, trigger.position]);
  const findingIds = [finding.id];
  return [
    { id, accountId, rule, ruleSet: set.hash, mode, action, trigger: trigger.position, findingIds, ...about },
  ];
}

/** One on the account when it is more than step-up, else one for each session; the strongest first. */
function strongest(watch: Watch, now: readonly RecentFinding[], enforceOnly: boolean): Grade[] {
  const grades: Grade[] = [];
  for (const finding of now) {
    if (enforceOnly && !finding.enforce) continue;
    grades.push({ action: finding.action, finding, findingIds: [finding.id] });
  }
  for (const combination of watch.context.set.config.combinations) {
    const parts = partsOf(watch, combination, enforceOnly);
    const [finding] = parts?.filter((part) => now.includes(part)) ?? [];
    if (parts === undefined || finding === undefined) continue;
    const findingIds = parts.map(({ id }) => id);
    grades.push({ action: combination.action, finding, findingIds, combination: combination.name });
  }
  grades.sort((a, b) => rankOf(b.action) - rankOf(a.action));
  const [first] = grades;
  if (first !== undefined && isOnAccount(first.action)) return [first];
  const sessions = new Set(['']);
  return grades.filter(({ finding: { session } }) => !sessions.has(session) && sessions.add(session));
}

/** One recent finding of each group, one of those made now where it fits; undefined when a group has none. */
function partsOf(watch: Watch, combination: Combination, enforceOnly: boolean): RecentFinding[] | undefined {
  const { recent } = watch.state;
  const { config } = watch.context.set;
  const parts: RecentFinding[] = [];
  for (const [index, group] of combination.groups.entries()) {
    const part = recent.findLast(
      (finding) =>
        group.includes(finding.rule) &&
        traitsOf(finding.rule).evidence === 'own' &&
        !finding.softened &&
        (finding.enforce || !enforceOnly) &&
        parts.every(({ atMs }) => Math.abs(atMs - finding.atMs) <= config.combinationSeconds * 1000) &&
        (!combination.newDevice || index > 0 || isByNewDevice(watch, finding)),
    );
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts;
}

/** A session without a key says nothing of its device: the person's own phone begins a new one each time. */
function isByNewDevice(watch: Watch, { device, atMs }: RecentFinding): boolean {
  return !isOnlySession(device) && isNewDevice(watch, device, atMs);
}

function isOnlySession(device: string): boolean {
  return device.startsWith('session:');
}

function decide(watch: Watch, graded: Grade, mode: Decision['mode']): Decision[] {
  const { state, event, context } = watch;
  const { action, finding, findingIds, combination } = graded;
  const { rule, device } = finding;
  const session = isOnAccount(action) ? '' : finding.session;
  const isOpen = state.open.some(
    (open) => rankOf(open.action) >= rankOf(action) && (open.session === '' || open.session === session),
  );
  if (isOpen) return [];
  const { accountId } = state;
  const { hash: ruleSet } = context.set;
  const id = decisionId(context.digest, [accountId, rule, ruleSet, event.position]);
  if (mode === 'enforce' && action !== 'flag') {
    push(state.open, { id, rule, action, session, atMs: finding.atMs }, stateLimits.open);
  }
  const hasDevice = session !== '' && device !== '' && !isOnlySession(device);
  const decision: Decision = {
    id,
    accountId,
    rule,
    ruleSet,
    mode,
    action,
    trigger: event.position,
    findingIds,
    ...(session === '' ? {} : { sessionId: session }),
    ...(hasDevice ? { deviceId: device } : {}),
    ...(combination === undefined ? {} : { combination }),
  };
  return [decision];
}

function decisionId(digest: RuleContext['digest'], parts: readonly string[]): string {
  return digest(`decision ${parts.join(' ')}`);
}

function isOnAccount(action: RuleAction): boolean {
  return rankOf(action) >= rankOf('hold');
}
