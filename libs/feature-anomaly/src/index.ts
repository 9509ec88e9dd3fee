// The rules at work: a consumer of the feed, what carries out its decisions, and the operators' desk.
export { AnomalyModule, BusRulesModule, RulesDeskModule } from './anomaly.module.js';
export { BusRules } from './bus-rules.js';
export type { BusRulesPorts, BusRulesServices, BusRulesSettings } from './bus-rules.js';
export type { ConsumerOrder, ConsumerReport, ConsumerStatus } from './consumer-messages.js';
export { hashed, shortDigest } from './digests.js';
export { DecisionSender } from './decision-sender.js';
export { Enforcement } from './enforcement.js';
export { Lockouts, SharedLockouts } from './lockouts.js';
export { AnomalyMetrics } from './metrics.js';
export { ConfiguredRules, RuleActivation } from './rule-activation.js';
export { RuleConsumer } from './rule-consumer.js';
export type { ConsumerParts } from './rule-consumer.js';
export { parseRuleFile } from './rule-file.js';
export { crowdsConsumer, rulesProjection, ruleViews } from './rule-rows.js';
export type { RuleThreadOrder } from './rule-thread.js';
export { RuleThread, RuleThreadSpawner } from './rule-thread.js';
export { RulesWatch } from './rules-stream.js';
export { RulesDesk, RuleTables } from './rules-desk.js';
