// What the rules remember across accounts, of one network on one day or of one device key, and find in it.
import type { EventPlace } from '@sallyport/core-session';
import { decideAlone } from './grading.js';
import type { Decision, Finding, Observation } from './finding.js';
import { nothingObserved } from './finding.js';
import type { TriggerEvent } from './observed-event.js';
import type { RuleName } from './rule-table.js';
import { burstsBefore, insertBurst, sumOf } from './sign-in-rules.js';
import { push } from './state.js';
import type { Told } from './state.js';
import { makeFinding } from './watch.js';
import type { RuleContext } from './watch.js';

/** A session that started. */
export interface CrowdStart {
  readonly ms: number;
  readonly accountId: string;
  readonly session: string;
  readonly device: string;
  /** On a device that was new to an account that had been used before. */
  readonly newDevice: boolean;
  readonly at: EventPlace;
}

/** Failed sign-ins to one account or name. */
export interface CrowdFailures {
  readonly ms: number;
  readonly count: number;
  /** The account's id, or the name's stream where nobody has it. */
  readonly who: string;
  readonly at: EventPlace;
}

/** Of one network tag or one key. */
export interface CrowdState {
  readonly v: 1;
  readonly starts: CrowdStart[];
  readonly failures: CrowdFailures[];
  readonly told: Told[];
}

export const crowdLimits = { starts: 64, failures: 64, told: 64 } as const;

export function emptyCrowdState(): CrowdState {
  return { v: 1, starts: [], failures: [], told: [] };
}

/** An event under observation together with what is remembered of its network or key. */
interface CrowdWatch {
  readonly crowd: CrowdState;
  readonly event: TriggerEvent;
  readonly context: RuleContext;
  readonly findings: Finding[];
}

/** A session started from this network. Known twice, counted once. */
export function observeNetworkStart(watch: CrowdSight, start: CrowdStart): Observation {
  const { crowd } = watch;
  if (isKnown(crowd.starts, start)) return nothingObserved;
  insertBurst(crowd.starts, start, crowdLimits.starts);
  if (!start.newDevice) return nothingObserved;
  return judged(watch, (judging) => {
    judgeAfterFailures(judging, start);
    judgeShared(judging, 'shared_network', start);
  });
}

/** Sign-ins from this network failed. */
export function observeNetworkFailures(watch: CrowdSight, failed: CrowdFailures): Observation {
  const { crowd } = watch;
  if (isKnown(crowd.failures, failed)) return nothingObserved;
  insertBurst(crowd.failures, failed, crowdLimits.failures);
  if (crowd.starts.length === 0) return nothingObserved;
  return judged(watch, (judging) => {
    for (const start of crowd.starts) if (start.newDevice) judgeAfterFailures(judging, start);
  });
}

/** A session started with this key. */
export function observeKeyStart(watch: CrowdSight, start: CrowdStart): Observation {
  const { crowd } = watch;
  if (isKnown(crowd.starts, start)) return nothingObserved;
  insertBurst(crowd.starts, start, crowdLimits.starts);
  return judged(watch, (judging) => judgeShared(judging, 'shared_key', start));
}

export type CrowdSight = Omit<CrowdWatch, 'findings'>;

function judged(sight: CrowdSight, judge: (watch: CrowdWatch) => void): Observation {
  const watch: CrowdWatch = { ...sight, findings: [] };
  judge(watch);
  const { findings } = watch;
  if (findings.length === 0) return nothingObserved;
  const decisions = findings.flatMap((finding): Decision[] => decideAlone(watch.context, finding));
  return { findings, decisions };
}

/** A sign-in on a new device, out of a network from which sign-ins to many accounts failed before. */
function judgeAfterFailures(watch: CrowdWatch, start: CrowdStart): void {
  const settings = watch.context.set.config.rules.failures_address;
  if (settings.mode === 'off') return;
  const before = burstsBefore(watch.crowd.failures, start.ms, settings.windowSeconds * 1000);
  const failures = sumOf(before);
  const accounts = new Set(before.map(({ who }) => who)).size;
  if (failures < settings.count || accounts < settings.accounts) return;
  const { count, windowSeconds } = settings;
  const evidence = { failures, accounts, count, minAccounts: settings.accounts, windowSeconds };
  tell(watch, 'failures_address', { start, cites: before.slice(-4).map(({ at }) => at), evidence });
}

/** Sessions of many accounts within the window: each of them is told of once. */
function judgeShared(watch: CrowdWatch, rule: 'shared_network' | 'shared_key', start: CrowdStart): void {
  const { mode, accounts: least, windowSeconds } = watch.context.set.config.rules[rule];
  if (mode === 'off') return;
  const windowMs = windowSeconds * 1000;
  const fits = watch.crowd.starts.filter((one) => one.newDevice || rule === 'shared_key');
  for (const last of fits) {
    if (last.ms < start.ms || last.ms - start.ms > windowMs) continue;
    const within = burstsBefore(fits, last.ms, windowMs);
    const accounts = new Set(within.map(({ accountId }) => accountId)).size;
    if (accounts < least) continue;
    const evidence = { accounts, minAccounts: least, windowSeconds };
    for (const one of within) tell(watch, rule, { start: one, cites: [], evidence });
  }
}

function tell(
  { crowd, event, context, findings }: CrowdWatch,
  rule: RuleName,
  said: {
    readonly start: CrowdStart;
    readonly cites: readonly EventPlace[];
    readonly evidence: Finding['evidence'];
  },
): void {
  const { start, evidence } = said;
  const { ms, accountId, session, device } = start;
  if (crowd.told.some((told) => told.rule === rule && told.about === session)) return;
  push(crowd.told, { rule, about: session, ms }, crowdLimits.told);
  const cites = [start.at, ...said.cites].filter(({ position }) => position !== event.position);
  findings.push(
    makeFinding(context, event, {
      accountId,
      rule,
      about: session,
      atMs: ms,
      session,
      device,
      cites,
      evidence,
    }),
  );
}

function isKnown(list: readonly { readonly at: EventPlace }[], { at }: { readonly at: EventPlace }): boolean {
  return list.some((one) => one.at.position === at.position);
}
