// Wires the rules beside the ledger: needs `RuleThreadSpawner`, `RuleTables` and `ConfiguredRules` from a
// global module of the app; where other processes run them the operators' desk needs `RuleTables` and
// `RulesProgress`.
import { Module } from '@nestjs/common';
import { EventStore } from '@sallyport/engine';
import { LedgerModule, LedgerOrdersModule } from '@sallyport/feature-ledger';
import { DecisionSender } from './decision-sender.js';
import { Enforcement } from './enforcement.js';
import { AnomalyMetrics } from './metrics.js';
import { LedgerRules } from './ledger-rules.js';
import { Lockouts, MemoryLockouts } from './lockouts.js';
import { RuleActivation } from './rule-activation.js';
import { RuleOrders } from './rule-orders.js';
import { RuleThread } from './rule-thread.js';
import { RulesAtWork } from './rules-at-work.js';
import { RulesDesk } from './rules-desk.js';
import { RulesJournal } from './rules-journal.js';
import { RulesWatch } from './rules-stream.js';

const watch = {
  provide: RulesWatch,
  useFactory: (store: EventStore) => new RulesWatch(store),
  inject: [EventStore],
};

/** What carries decisions out, wherever rules run. */
const records = [watch, AnomalyMetrics, RuleActivation, RuleOrders, RulesJournal];
const senders = [...records, DecisionSender, Enforcement];

const services = [
  ...senders,
  { provide: Lockouts, useFactory: () => new MemoryLockouts() },
  RulesDesk,
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

/** For a process that only judges: needs `ConfiguredRules`, `Lockouts` and the ports of orders. */
@Module({ imports: [LedgerOrdersModule], providers: senders, exports: senders })
export class BusRulesModule {}
