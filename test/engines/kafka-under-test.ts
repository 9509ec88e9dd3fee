// The Kafka that specs run against: the one whose address the environment gives, or one started for the spec.
import { KafkaBus, makeTopics } from '@sallyport/adapter-kafka';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaBroker } from './kafka.js';

export interface KafkaUnderTest {
  readonly brokers: string;
  readonly bus: KafkaBus;
  /** The broker, where it was started here. */
  readonly broker: KafkaBroker | undefined;
  makeTopic(partitions: number): Promise<string>;
  close(): Promise<void>;
}

/** Set `SALLYPORT_TEST_KAFKA_BROKERS` to spare the start. */
export async function kafkaUnderTest(): Promise<KafkaUnderTest> {
  const given = process.env['SALLYPORT_TEST_KAFKA_BROKERS'];
  const broker = given === undefined ? await KafkaBroker.start() : undefined;
  const brokers = given ?? (broker as KafkaBroker).brokers;
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const bus = new KafkaBus({ brokers, clientId: 'spec' });
  return {
    brokers,
    bus,
    broker,
    makeTopic: async (numPartitions) => {
      const topic = `spec-${Math.random().toString(36).slice(2)}`;
      await makeTopics(admin, [{ topic, numPartitions }]);
      return topic;
    },
    close: async () => {
      await bus.close();
      await admin.disconnect();
      await broker?.stop();
    },
  };
}
