// Wires the rules beside the ledger: needs `RuleThread`'s spawn (`RuleThreadSpawner`), `RuleTables` and
// `ConfiguredRules` from a global module of the app.
import { Module } from '@nestjs/common';
import { LedgerModule } from '@sallyport/feature-ledger';
import { DecisionSender } from './decision-sender.js';
import { Enforcement } from './enforcement.js';
import { AnomalyMetrics } from './metrics.js';
import { RuleActivation } from './rule-activation.js';
import { RuleOrders } from './rule-orders.js';
import { RuleThread } from './rule-thread.js';
import { RulesDesk } from './rules-desk.js';
import { RulesJournal } from './rules-journal.js';

/** Starts a thread that runs a `RuleConsumer` and passes its messages on. */
export abstract class RuleThreadSpawner {
  abstract spawn(): ReturnType<ConstructorParameters<typeof RuleThread>[0]['spawn']>;
}

const services = [
  AnomalyMetrics,
  DecisionSender,
  Enforcement,
  RuleActivation,
  RuleOrders,
  RulesDesk,
  RulesJournal,
];

const thread = {
  provide: RuleThread,
  useFactory: (
    spawner: RuleThreadSpawner,
    sender: DecisionSender,
    enforcement: Enforcement,
    activation: RuleActivation,
    metrics: AnomalyMetrics,
  ) => new RuleThread({ spawn: () => spawner.spawn(), sender, enforcement, activation, metrics }),
  inject: [RuleThreadSpawner, DecisionSender, Enforcement, RuleActivation, AnomalyMetrics],
};

@Module({ imports: [LedgerModule], providers: [...services, thread], exports: [RulesDesk, RuleThread] })
export class AnomalyModule {}
