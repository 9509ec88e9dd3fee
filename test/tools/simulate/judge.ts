// Runs the rules over lines and keeps count of whom they disturb and whom they find.
import { createHash } from 'node:crypto';
import { countryPlaces } from '@sallyport/adapter-geoip';
import { defaultRuleSetConfig, rankOf, RuleMemory, ruleSetOf } from '@sallyport/core-anomaly';
import type { Decision, ObservedEvent, RuleName, RuleSetConfig } from '@sallyport/core-anomaly';
import type { RuleAction } from '@sallyport/core-session';
import type { Label } from './line.js';

/** What the rules did about one account. */
export interface Doing {
  /** The strongest that was decided against the account, or after the attack began against the thief. */
  action?: RuleAction;
  atMs?: number;
  /** When step-up or more was decided first. */
  caughtMs?: number;
  /** The rules that found something then, whether or not anything followed. */
  readonly rules: Set<RuleName>;
  combination?: string;
  /** The ledger itself ended the session that the thief used. */
  endedMs?: number;
}

/** Of an honest account everything counts; of a thief what is about him, from when he began. */
export function counts(label: Label | undefined, ms: number, session: string | undefined): boolean {
  if (label?.attack === undefined) return true;
  if (label.fromMs !== undefined && ms < label.fromMs) return false;
  return session === undefined || label.sessions === undefined || label.sessions.includes(session);
}

/** Takes a decision that counts into what was done about its account. */
export function noteAction(
  doing: Doing,
  said: { readonly action: RuleAction; readonly ms: number; readonly combination?: string | undefined },
): void {
  const { action, ms, combination } = said;
  if (rankOf(action) >= rankOf('step_up')) doing.caughtMs ??= ms;
  if (doing.action !== undefined && rankOf(doing.action) >= rankOf(action)) return;
  doing.action = action;
  doing.atMs = ms;
  if (combination !== undefined) doing.combination = combination;
}

interface Asked {
  /** Of the decision, and so of its hold. */
  readonly id: string;
  readonly atMs: number;
}

/** Nobody passes a step-up quicker than this. */
const passedAfterMs = 60_000;

const geography: readonly RuleName[] = ['impossible_travel', 'new_country', 'concurrent_countries'];

/** The shipped defaults, or these without the rules that look at countries and distances. */
export function defaultRules(countryRules: boolean): RuleSetConfig {
  if (countryRules) return defaultRuleSetConfig;
  const rules: Record<string, object> = { ...defaultRuleSetConfig.rules };
  for (const rule of geography) rules[rule] = { ...rules[rule], mode: 'off' };
  return { ...defaultRuleSetConfig, rules: rules as unknown as RuleSetConfig['rules'] };
}

export class Judge {
  readonly doings = new Map<string, Doing>();
  private readonly memory: RuleMemory;
  private position = 0;
  /** Step-ups asked of people, by session: they pass them when they use it next. */
  private readonly asked = new Map<string, Asked[]>();

  constructor(
    readonly countryRules: boolean,
    private readonly labelOf: (account: string) => Label | undefined,
  ) {
    const set = ruleSetOf(defaultRules(countryRules), digest);
    this.memory = new RuleMemory({ set, countryPlaces, digest });
  }

  /** Positions are this judge's own: what follows from its decisions stands between the events. */
  observe(event: ObservedEvent): void {
    const ms = Date.parse(event.recordedAt);
    this.passStepUps(event, ms);
    const { findings, decisions } = this.memory.observe(this.placed(event));
    for (const { accountId, rule, sessionId } of findings) {
      if (this.counts(accountId, ms, sessionId)) this.doing(accountId).rules.add(rule);
    }
    for (const decision of decisions) this.note(decision, ms);
    if (event.type === 'session.reuse-detected') this.noteEnd(event, ms);
  }

  private placed(event: ObservedEvent): ObservedEvent {
    this.position += 1;
    return { ...event, position: String(this.position) };
  }

  private passStepUps(event: ObservedEvent, ms: number): void {
    if (this.asked.size === 0) return;
    const asked = this.asked.get(event.stream);
    if (asked === undefined || asked.some(({ atMs }) => ms - atMs < passedAfterMs)) return;
    this.asked.delete(event.stream);
    for (const { id } of asked) {
      const released = { type: 'account.hold-released', stream: `account-${event.partitionKey}` };
      const data = { holdId: id, cause: 'step_up' };
      this.memory.observe(this.placed({ ...event, ...released, id: `released-${id}`, data }));
    }
  }

  private note(decision: Decision, ms: number): void {
    const { id, accountId, action, sessionId, mode, combination } = decision;
    if (mode !== 'enforce') return;
    if (action === 'step_up' && sessionId !== undefined && !this.isThiefs(accountId, ms, sessionId)) {
      const stream = `session-${sessionId}`;
      this.asked.set(stream, [...(this.asked.get(stream) ?? []), { id, atMs: ms }]);
    }
    if (!this.counts(accountId, ms, sessionId)) return;
    noteAction(this.doing(accountId), { action, ms, combination });
  }

  private noteEnd(event: ObservedEvent, ms: number): void {
    const { ends } = event.data as { readonly ends?: boolean };
    const session = event.stream.slice('session-'.length);
    if (ends === true && this.counts(event.partitionKey, ms, session)) {
      this.doing(event.partitionKey).endedMs ??= ms;
    }
  }

  private counts(account: string, ms: number, session: string | undefined): boolean {
    return counts(this.labelOf(account), ms, session);
  }

  private isThiefs(account: string, ms: number, session: string): boolean {
    return this.labelOf(account)?.attack !== undefined && this.counts(account, ms, session);
  }

  private doing(account: string): Doing {
    let doing = this.doings.get(account);
    if (doing === undefined) this.doings.set(account, (doing = { rules: new Set() }));
    return doing;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
