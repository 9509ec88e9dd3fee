// What operators do with the rules: see and change them, look through findings, retry, pause.
import { Injectable } from '@nestjs/common';
import { canonicalRuleSet } from '@sallyport/core-anomaly';
import type { RuleSetConfig } from '@sallyport/core-anomaly';
import { streams } from '@sallyport/core-session';
import type { AnomalyDetected, AnomalyDismissed } from '@sallyport/core-session';
import { EventStore, Ids } from '@sallyport/engine';
import type { Actor, JsonObject, Position, RecordedEvent } from '@sallyport/engine';
import { ProblemError } from '@sallyport/feature-ledger';
import { hashed } from './digests.js';
import { parseRuleFile } from './rule-file.js';
import { latestFindings, rulesProjection, ruleViews } from './rule-rows.js';
import { RuleTables } from './rule-tables.js';
import { RulesAtWork } from './rules-at-work.js';
import { RulesJournal } from './rules-journal.js';

/** Events of an account's anomalies that are looked through, from the end. */
const findingsRead = 1_000;
const { generation } = rulesProjection;

@Injectable()
export class RulesDesk {
  constructor(
    private readonly store: EventStore,
    private readonly ids: Ids,
    private readonly tables: RuleTables,
    private readonly work: RulesAtWork,
    private readonly journal: RulesJournal,
  ) {}

  async show(): Promise<object> {
    const { active, paused, ...rest } = await this.work.state();
    const shown = { enforcement: paused ? 'paused' : 'on', ...rest };
    return active === undefined ? shown : { hash: active.hash, ...shown, ...tablesOf(active.config) };
  }

  /** Activates the rule set of a file's text; without an event where it is active. Rejects with 400. */
  async activate(text: string, reason: string, actor: Actor): Promise<object> {
    const { config, mistakes } = parseRuleFile(text);
    if (config === undefined) {
      throw new ProblemError({
        status: 400,
        code: 'bad_request',
        title: 'The rule set is not as it must be',
        detail: mistakes.join('; '),
        members: { mistakes },
      });
    }
    const { hash } = hashed(config);
    if ((await this.work.state()).active?.hash === hash) return { hash, activated: false };
    const data = { hash, config: canonicalRuleSet(config), reason };
    const record = { key: this.ids.uuid(), actor };
    const position = await this.journal.onRules({ type: 'rules.activated', data }, record);
    return { hash, activated: true, position };
  }

  /** Of one account from the ledger, newest first; of all accounts the latest that the consumer has seen. */
  async findings(accountId: string | undefined): Promise<object> {
    if (accountId === undefined) {
      const rows = await this.tables.views.list(ruleViews.finding, generation, 'latest');
      return { findings: rows.map(({ body }) => body).toSorted(newestFirst).slice(0, latestFindings) };
    }
    const events = await this.store.readBack(streams.anomaly(accountId), findingsRead);
    const dismissed = new Map(
      events.filter(isDismissal).map(({ data }) => [data['findingId'], data['reason']]),
    );
    const findings = events.filter(isDetection).map(({ data, recordedAt: at }) => {
      const { findingId, rule, severity, mode, trigger, cites, evidence } = data;
      const dismissal = dismissed.get(findingId);
      const reason = dismissal === undefined ? {} : { dismissed: dismissal };
      return { at, findingId, rule, severity, mode, ...reason, evidence, trigger, cites };
    });
    return { findings };
  }

  /** Says that a finding is harmless. Rejects with 404 for one that the account has not. */
  async dismiss(order: {
    readonly accountId: string;
    readonly findingId: string;
    readonly reason: string;
    readonly actor: Actor;
  }): Promise<object> {
    const { accountId, findingId, reason, actor } = order;
    const events = await this.store.readBack(streams.anomaly(accountId), findingsRead);
    const found = events.filter(isDetection).find(({ data }) => data['findingId'] === findingId);
    if (found === undefined) {
      const detail = `The account has no finding ${findingId} among its latest.`;
      throw new ProblemError({ status: 404, code: 'finding_unknown', title: 'No such finding', detail });
    }
    const { rule, trigger } = found.data as unknown as AnomalyDetected['data'];
    const data = { findingId, rule, trigger: trigger.position, reason };
    const event: AnomalyDismissed = { type: 'anomaly.dismissed', data };
    await this.journal.onAccount(accountId, [event], { key: `dismissed ${findingId}`, actor });
    return { findingId, rule };
  }

  async parked(): Promise<object> {
    return { parked: await this.work.parked() };
  }

  /** Asks the consumer to take up the account's events where it left them. */
  async retry(accountId: string): Promise<object> {
    await this.work.retry(accountId);
    return { accountId };
  }

  async pause(reason: string, actor: Actor): Promise<{ readonly position: Position }> {
    return { position: await this.work.pause(reason, actor) };
  }

  async resume(reason: string, actor: Actor): Promise<{ readonly position: Position }> {
    return { position: await this.work.resume(reason, actor) };
  }
}

/** A rule set as tables. */
function tablesOf({ rules, combinations, version: _version, ...general }: RuleSetConfig): object {
  return {
    ...general,
    rules: Object.entries(rules).map(([rule, { mode, action, ...thresholds }]) => {
      const words = Object.entries(thresholds).map(([name, value]) => `${name} ${value}`);
      return { rule, mode, action, thresholds: words.join(', ') };
    }),
    combinations: combinations.map(({ name, groups, newDevice, action }) => {
      const when = groups.map((group) => group.join(' or ')).join(' and ');
      return { combination: name, action, when: newDevice ? `${when}, on a new device` : when };
    }),
  };
}

function isDetection({ type }: RecordedEvent): boolean {
  return type === 'anomaly.detected';
}

function isDismissal({ type }: RecordedEvent): boolean {
  return type === 'anomaly.dismissed';
}

function newestFirst(a: JsonObject, b: JsonObject): number {
  return Date.parse(String(b['at'])) - Date.parse(String(a['at']));
}
