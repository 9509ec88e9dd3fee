// A service in memory whose rules are at work: what people do, what the rules decide on it, and what becomes
// of that, all in one ledger.
import { anomalyDetected, decisionTaken, defaultRuleSetConfig, RuleMemory } from '@sallyport/core-anomaly';
import type { CountryPlaces, Decision, RuleContext, RuleSetConfig } from '@sallyport/core-anomaly';
import type { AnomalyEvent } from '@sallyport/core-session';
import type { JsonObject, RecordedEvent } from '@sallyport/engine';
import { MemoryEventStore } from '@sallyport/testing';

export const noon = Date.parse('2026-11-22T12:00:00.000Z');
export const minute = 60_000;
export const hour = 60 * minute;

const countryPlaces: CountryPlaces = new Map([
  ['CH', { lat: 46.8, lon: 8.2, radiusKm: 180 }],
  ['ES', { lat: 40.2, lon: -3.6, radiusKm: 600 }],
  ['BR', { lat: -10.8, lon: -53.1, radiusKm: 2500 }],
]);

/** The rules by a configuration; ids show what they are made of. */
export function contextOf(hash: string, config: RuleSetConfig = defaultRuleSetConfig): RuleContext {
  return { set: { hash, config }, countryPlaces, digest: (text) => text };
}

/** The defaults with settings of some rules changed. */
export function rulesWith(changes: { readonly [rule: string]: object }): RuleSetConfig {
  const rules: Record<string, object> = { ...defaultRuleSetConfig.rules };
  for (const [rule, change] of Object.entries(changes)) rules[rule] = { ...rules[rule], ...change };
  return { ...defaultRuleSetConfig, rules: rules as unknown as RuleSetConfig['rules'] };
}

interface Use {
  /** The account's name, a dash, and the session's own. */
  readonly session: string;
  readonly country?: string;
  readonly device?: string;
}

interface Hold {
  readonly id: string;
  readonly accountId: string;
}

export class Town {
  nowMs = noon;
  /** Decisions are recorded as `braked`, and not carried out. */
  braked = false;
  readonly store = new MemoryEventStore({ now: () => this.nowMs });
  readonly holds: Hold[] = [];
  private readonly rules: RuleMemory;
  private seen = 0;

  constructor(context: RuleContext) {
    this.rules = new RuleMemory(context);
  }

  get events(): readonly RecordedEvent[] {
    return this.store.log.events;
  }

  /** `type` without `session.`; a sign-in is `started`. */
  async use(type: string, { session, country = 'CH', device = 'phone' }: Use): Promise<void> {
    const accountId = session.slice(0, session.indexOf('-'));
    const time = new Date(this.nowMs).toISOString();
    const deviceId = `${accountId}-${device}`;
    const network = { country, asn: null, kind: 'unknown', ipTag: 't', dayTag: `tag-${country}` };
    const times = { startedAt: time, rotatedAt: time };
    const state = { v: 1, accountId, deviceId, jkt: `key-${deviceId}`, generation: 1, ...times, network };
    const reuse = type === 'reuse-detected' ? { cause: 'forked', presented: 1, count: 1 } : {};
    const data = { ...reuse, state };
    await this.append(accountId, `session-${session}`, { type: `session.${type}`, data });
  }

  /** An operator, or a step-up, releases a hold. */
  async release(number: number, cause: 'operator' | 'step_up'): Promise<void> {
    const [hold] = this.holds.splice(number % Math.max(1, this.holds.length), 1);
    if (hold === undefined) return;
    const data = { holdId: hold.id, cause, state: {} };
    await this.append(hold.accountId, `account-${hold.accountId}`, { type: 'account.hold-released', data });
  }

  async unlock(accountId: string): Promise<void> {
    const data = { reason: 'a call', state: {} };
    await this.append(accountId, `account-${accountId}`, { type: 'account.unlocked', data });
  }

  /** Of the findings in the ledger, one is called harmless. */
  async dismiss(number: number): Promise<void> {
    const found = this.events.filter(({ type }) => type === 'anomaly.detected');
    const finding = found[number % Math.max(1, found.length)];
    if (finding === undefined) return;
    const { findingId, rule, trigger } = finding.data as { [name: string]: JsonObject };
    const data = { findingId, rule, trigger: trigger?.['position'], reason: 'a known journey' };
    await this.append(finding.partitionKey, finding.stream, { type: 'anomaly.dismissed', data });
  }

  /** The rules catch up, and what they decide is carried out and recorded. */
  async settle(): Promise<void> {
    for (let event = this.events[this.seen]; event !== undefined; event = this.events[this.seen]) {
      this.seen += 1;
      const { findings, decisions } = this.rules.observe(event);
      for (const decision of decisions) await this.carryOut(decision);
      for (const finding of findings) await this.record(finding.accountId, anomalyDetected(finding));
      for (const decision of decisions) {
        const outcome = decision.mode === 'observe' ? 'observed' : this.braked ? 'braked' : 'sent';
        await this.record(decision.accountId, decisionTaken(decision, outcome));
      }
    }
  }

  async append(accountId: string, stream: string, said: { type: string; data: object }): Promise<void> {
    const actor = { kind: stream.startsWith('anomaly-') ? ('rule' as const) : ('user' as const) };
    const context = { correlationId: 'c', causationId: 'c', partitionKey: accountId, actor };
    const id = `e${this.events.length}`;
    const event = { id, schemaVersion: 1, type: said.type, data: said.data as JsonObject, ...context };
    await this.store.append({ stream, expected: 'any', events: [event], guards: [] });
  }

  private async carryOut(decision: Decision): Promise<void> {
    const { id, accountId, action, sessionId, mode, rule, ruleSet, trigger } = decision;
    if (mode === 'observe' || this.braked) return;
    const by = { reason: rule, decision: { id, rule, ruleSet, trigger }, state: {} };
    const stream = `account-${accountId}`;
    if (action === 'lock') await this.append(accountId, stream, { type: 'account.locked', data: by });
    if (action !== 'step_up' && action !== 'hold') return;
    this.holds.push({ id, accountId });
    const hold = { id, ...(action === 'hold' ? {} : { sessionId }) };
    const data = { hold, ...by };
    await this.append(accountId, stream, { type: 'account.sensitive-actions-held', data });
  }

  private record(accountId: string, { type, data }: AnomalyEvent): Promise<void> {
    return this.append(accountId, `anomaly-${accountId}`, { type, data });
  }
}
