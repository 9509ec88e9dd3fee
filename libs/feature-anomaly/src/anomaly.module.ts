// Wires the rules beside the ledger: needs `RuleThreadSpawner`, `RuleTables` and `ConfiguredRules` from a
// global module of the app; where another process runs them, the operators' desk alone needs `RuleTables`.
import { Module } from '@nestjs/common';
import { LedgerModule } from '@sallyport/feature-ledger';
import { DecisionSender } from './decision-sender.js';
import { Enforcement } from './enforcement.js';
import { AnomalyMetrics } from './metrics.js';
import { LedgerRules } from './ledger-rules.js';
import { RuleActivation } from './rule-activation.js';
import { RuleOrders } from './rule-orders.js';
import { RuleThread } from './rule-thread.js';
import { RulesAtWork } from './rules-at-work.js';
import { RulesDesk } from './rules-desk.js';
import { RulesJournal } from './rules-journal.js';

const services = [
  AnomalyMetrics,
  DecisionSender,
  Enforcement,
  RuleActivation,
  RuleOrders,
  RulesDesk,
  RulesJournal,
  RuleThread,
  { provide: RulesAtWork, useExisting: RuleThread },
];

@Module({ imports: [LedgerModule], providers: services, exports: [RulesDesk, RuleThread] })
export class AnomalyModule {}

@Module({
  imports: [LedgerModule],
  providers: [LedgerRules, RulesDesk, RulesJournal, { provide: RulesAtWork, useExisting: LedgerRules }],
  exports: [RulesDesk],
})
export class RulesDeskModule {}
