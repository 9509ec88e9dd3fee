// The rules as the ledger and the rules' own tables tell of them, where another process runs them.
import { Injectable } from '@nestjs/common';
import { EventStore, Ids } from '@sallyport/engine';
import type { Actor, Position } from '@sallyport/engine';
import { ProblemError } from '@sallyport/feature-ledger';
import { rulesProjection, ruleViews } from './rule-rows.js';
import { RulesAtWork } from './rules-at-work.js';
import type { RulesState } from './rules-at-work.js';
import { RuleTables } from './rules-desk.js';
import { RulesJournal } from './rules-journal.js';
import { readRulesStream, ruleSetOf } from './rules-stream.js';

@Injectable()
export class LedgerRules extends RulesAtWork {
  constructor(
    private readonly store: EventStore,
    private readonly ids: Ids,
    private readonly tables: RuleTables,
    private readonly journal: RulesJournal,
  ) {
    super();
  }

  async state(): Promise<RulesState> {
    const { generation } = rulesProjection;
    const [{ activation, paused }, parked] = await Promise.all([
      readRulesStream(this.store),
      this.tables.views.list(ruleViews.parked, generation, 'parked'),
    ]);
    const active = activation && ruleSetOf(String(activation.data['config']));
    return { active, paused, position: null, parked: parked.length, stopped: false };
  }

  /** What set the account aside holds it in memory, so nobody else can take it up. */
  retry(): Promise<void> {
    return Promise.reject(
      new ProblemError({
        status: 409,
        code: 'rules_elsewhere',
        title: 'The rules run in another process',
        detail: 'Restart the process that runs the rules of this account to try its events again.',
      }),
    );
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
