// The rules as the ledger and the rules' own tables tell of them, where other processes run them.
import { Injectable } from '@nestjs/common';
import { viewsConsumer } from '@sallyport/core-views';
import { askToTakeUp, EventStore, Ids, parkedKeys } from '@sallyport/engine';
import type { Actor, JsonObject, ParkedKey, Position } from '@sallyport/engine';
import { ProblemError } from '@sallyport/feature-ledger';
import { crowdsConsumer, rulesProjection } from './rule-rows.js';
import { RuleTables } from './rule-tables.js';
import { RulesAtWork } from './rules-at-work.js';
import type { RulesState } from './rules-at-work.js';
import { RulesJournal } from './rules-journal.js';
import { RulesProgress } from './rules-progress.js';
import { readRulesStream, ruleSetOf } from './rules-stream.js';

/** Those that set accounts aside; each does so for itself. */
const consumers = [viewsConsumer, rulesProjection, crowdsConsumer];

@Injectable()
export class LedgerRules extends RulesAtWork {
  constructor(
    private readonly store: EventStore,
    private readonly ids: Ids,
    private readonly tables: RuleTables,
    private readonly journal: RulesJournal,
    private readonly progress: RulesProgress,
  ) {
    super();
  }

  async state(): Promise<RulesState> {
    const [{ activation, paused }, position, parked] = await Promise.all([
      readRulesStream(this.store),
      this.progress.position(),
      parkedKeys(this.tables.views, rulesProjection),
    ]);
    const active = activation && ruleSetOf(String(activation.data['config']));
    return { active, paused, position, parked: parked.length, stopped: false };
  }

  async parked(): Promise<readonly JsonObject[]> {
    const aside = await Promise.all(consumers.map((consumer) => parkedKeys(this.tables.views, consumer)));
    return consumers.flatMap(({ name }, at) => (aside[at] ?? []).map((parked) => shown(name, parked)));
  }

  /** Asks each process that set the account aside; it takes it up within seconds. */
  async retry(accountId: string): Promise<void> {
    let asked = 0;
    for (const consumer of consumers) {
      const parked = await parkedKeys(this.tables.views, consumer);
      for (const one of parked.filter(({ key }) => key === accountId)) {
        await askToTakeUp(this.tables.views, consumer, one);
        asked += 1;
      }
    }
    if (asked > 0) return;
    throw new ProblemError({
      status: 404,
      code: 'not_parked',
      title: 'Nothing of this account is set aside',
      detail: 'parked list shows whose events are.',
    });
  }

  pause(reason: string, actor: Actor): Promise<Position> {
    const record = { key: this.ids.uuid(), actor };
    return this.journal.onRules({ type: 'rules.enforcement-paused', data: { reason } }, record);
  }

  resume(reason: string, actor: Actor): Promise<Position> {
    const record = { key: this.ids.uuid(), actor };
    return this.journal.onRules({ type: 'rules.enforcement-resumed', data: { reason } }, record);
  }
}

function shown(consumer: string, { key, position, since, reason }: ParkedKey): JsonObject {
  return { accountId: key, consumer, parkedAt: position, since, error: reason };
}
