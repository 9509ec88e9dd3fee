// The bus on Kafka, and the set-up of its topics.
export { type ClientLog, type ClientLogLevel, type KafkaSettings } from './client.js';
export { KafkaBus } from './kafka-bus.js';
