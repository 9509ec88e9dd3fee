// At the start: the rule set that the configuration names becomes the active one, unless it is.
import { Injectable } from '@nestjs/common';
import { canonicalRuleSet, defaultRuleSetConfig } from '@sallyport/core-anomaly';
import type { RuleSetConfig } from '@sallyport/core-anomaly';
import { EventStore, Ids } from '@sallyport/engine';
import { hashed } from './digests.js';
import { RulesJournal } from './rules-journal.js';
import { readRulesStream } from './rules-stream.js';

/** What the configuration says of the rules; undefined: whichever was activated last, else the defaults. */
export abstract class ConfiguredRules {
  abstract readonly config: RuleSetConfig | undefined;
}

@Injectable()
export class RuleActivation {
  constructor(
    private readonly store: EventStore,
    private readonly ids: Ids,
    private readonly journal: RulesJournal,
    private readonly configured: ConfiguredRules,
  ) {}

  async activate(): Promise<void> {
    const { activation: active } = await readRulesStream(this.store);
    const { config } = this.configured;
    if (active !== undefined && config === undefined) return;
    const set = hashed(config ?? defaultRuleSetConfig);
    if (active?.data['hash'] === set.hash) return;
    const reason = config === undefined ? 'the defaults' : 'the rule file, at the start';
    const data = { hash: set.hash, config: canonicalRuleSet(set.config), reason };
    await this.journal.onActivation({ type: 'rules.activated', data }, this.ids.uuid());
  }
}
