// A candidate rule set over what happened: the live rules, event by event, against the decisions that the
// ledger has. Nothing is decided by it.
import { RuleMemory } from '@sallyport/core-anomaly';
import type { Decision, Finding, RuleContext } from '@sallyport/core-anomaly';
import type { AnomalyDetected, DecisionTaken } from '@sallyport/core-session';
import { comparePositions } from '@sallyport/engine';
import type { Feed, Position, RecordedEvent } from '@sallyport/engine';
import { isWithin, walk } from './moment.js';
import type { Walk } from './moment.js';
import { RuleNames } from './rule-names.js';
import { VerdictBook } from './verdict-book.js';
import type { AccountVerdicts, Tally } from './verdict-book.js';

/** An account with an event that the rules cannot judge: the service would park it there. */
export interface Unjudged {
  readonly accountId: string;
  readonly position: Position;
  readonly reason: string;
}

export interface RulesFindings {
  /** Hash of the candidate. */
  readonly ruleSet: string;
  /** The first and the last event whose consequences are compared; `0` where there are none. */
  readonly from: Position;
  readonly to: Position;
  readonly events: number;
  readonly would: Tally;
  readonly happened: Tally;
  /** Findings by rule: `[the candidate's, the ledger's]`. */
  readonly findings: Readonly<Record<string, readonly [number, number]>>;
  /** Accounts about which either decided something, in the order in which that began. */
  readonly accounts: readonly AccountVerdicts[];
  readonly differing: number;
  readonly unjudged: readonly Unjudged[];
}

export interface RulesOptions extends Walk {
  /** The candidate, and what the service's own rules are given beside it. */
  readonly context: RuleContext;
}

/**
 * Runs the rules over every event from the first one on, because what they remember is their history, and
 * compares what they decide on events from `from` to `to` with what the ledger says was decided on them.
 * Rejects when the feed does, or with `event_unreadable`.
 */
export async function rulesOverHistory(feed: Feed, options: RulesOptions): Promise<RulesFindings> {
  const run = new CandidateRun(options);
  // Decisions are recorded after the events they are about: those past `to` are read for that.
  for await (const page of walk(feed, { progressed: options.progressed })) {
    for (const event of page) run.take(event);
  }
  return run.findings();
}

class CandidateRun {
  private readonly memory: RuleMemory;
  private readonly names: RuleNames;
  private readonly book = new VerdictBook();
  private readonly found = new Map<string, [number, number]>();
  private readonly unjudged = new Map<string, Unjudged>();
  private first: Position | undefined;
  private last: Position = '0';
  private events = 0;
  private isPast = false;

  constructor(private readonly options: RulesOptions) {
    this.memory = new RuleMemory(options.context);
    this.names = new RuleNames((accountId) => this.memory.account(accountId));
  }

  take(event: RecordedEvent): void {
    this.place(event);
    if (event.type === 'anomaly.decision-taken') this.tellHappened(event);
    if (event.type === 'anomaly.detected') this.countFound(event);
    if (!this.isPast && !this.unjudged.has(event.partitionKey)) this.judge(event);
  }

  findings(): RulesFindings {
    const { first: from = '0', last: to, events, found } = this;
    const accounts = this.book.accounts(new Set(this.unjudged.keys()));
    const { would, happened } = this.book;
    return {
      ruleSet: this.options.context.set.hash,
      from,
      to,
      events,
      would,
      happened,
      findings: Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))),
      accounts,
      differing: accounts.filter(({ divergence }) => divergence !== undefined).length,
      unjudged: [...this.unjudged.values()],
    };
  }

  private place(event: RecordedEvent): void {
    const { from, to } = this.options;
    this.isPast ||= !isWithin(event, { to });
    if (this.isPast || (this.first === undefined && !isWithin(event, { from }))) return;
    this.first ??= event.position;
    this.last = event.position;
    this.events += 1;
  }

  private judge(event: RecordedEvent): void {
    try {
      const { findings, decisions } = this.memory.observe(this.names.translated(event));
      for (const decision of decisions) this.tellWould(decision, event);
      for (const finding of findings) this.countOurs(finding);
    } catch (error) {
      const { partitionKey: accountId, position } = event;
      if (accountId === '*') return;
      this.unjudged.set(accountId, { accountId, position, reason: (error as Error).message });
    }
  }

  private tellWould(decision: Decision, { recordedAt: at }: RecordedEvent): void {
    this.names.note(decision);
    const { accountId, rule, action, trigger, sessionId, combination, mode } = decision;
    if (!this.isCompared(trigger)) return;
    const about = sessionId === undefined ? {} : { sessionId };
    const why = combination === undefined ? {} : { combination };
    this.book.would.count(action, mode === 'observe' ? 'observed' : undefined);
    if (mode === 'enforce') this.book.wouldHave(accountId, { action, rule, trigger, at, ...about, ...why });
  }

  private tellHappened({ data, partitionKey, recordedAt: at }: RecordedEvent): void {
    const { rule, action, trigger, outcome, sessionId } = data as unknown as DecisionTaken['data'];
    if (!this.isCompared(trigger)) return;
    const about = sessionId === undefined ? {} : { sessionId };
    this.book.happened.count(action, outcome === 'sent' ? undefined : outcome);
    if (outcome === 'observed') return;
    this.book.didHave(partitionKey, { action, rule, trigger, at, outcome, ...about });
  }

  private countOurs({ rule, trigger }: Finding): void {
    if (this.isCompared(trigger.position)) this.countsOf(rule)[0] += 1;
  }

  private countFound({ data }: RecordedEvent): void {
    const { rule, trigger } = data as unknown as AnomalyDetected['data'];
    if (this.isCompared(trigger.position)) this.countsOf(rule)[1] += 1;
  }

  private countsOf(rule: string): [number, number] {
    const counts = this.found.get(rule) ?? [0, 0];
    this.found.set(rule, counts);
    return counts;
  }

  /** Of a trigger that has been passed. */
  private isCompared(trigger: Position): boolean {
    const { first, last } = this;
    if (first === undefined || comparePositions(trigger, first) < 0) return false;
    return comparePositions(trigger, last) <= 0;
  }
}
