// The rules at work: a consumer of the feed, what carries out its decisions, and the operators' desk.
export { AnomalyModule, RulesDeskModule } from './anomaly.module.js';
export type { ConsumerOrder, ConsumerReport, ConsumerStatus } from './consumer-messages.js';
export { hashed, shortDigest } from './digests.js';
export { ConfiguredRules } from './rule-activation.js';
export { RuleConsumer } from './rule-consumer.js';
export type { ConsumerParts } from './rule-consumer.js';
export { parseRuleFile } from './rule-file.js';
export { rulesProjection, ruleViews } from './rule-rows.js';
export type { RuleThreadOrder } from './rule-thread.js';
export { RuleThread, RuleThreadSpawner } from './rule-thread.js';
export { RulesDesk, RuleTables } from './rules-desk.js';
