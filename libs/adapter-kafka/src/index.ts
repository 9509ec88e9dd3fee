// The bus on Kafka, and the set-up of its topics and of who may do what with them.
import './before-client.js';

export { busPrefixes, busRoles, busTopics, standingPrefix } from './bus-plan.js';
export type { BusPlan, BusRole } from './bus-plan.js';
export type { ClientLog, ClientLogLevel, KafkaSettings } from './client.js';
export { kafkaEnvironment, readKafkaSettings, type KafkaSetting } from './kafka-environment.js';
export { initBus, type InitStep } from './init-bus.js';
export { KafkaBus } from './kafka-bus.js';
export { makeTopics } from './make-topics.js';
