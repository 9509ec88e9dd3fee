// The bus on a real Kafka: the port's contract, and what only a broker can show.
import { partitionOf } from '@sallyport/engine';
import { describeBusContract } from '@sallyport/testing';
import { Partitioners } from 'kafkajs';
import { kafkaUnderTest } from './kafka-under-test.js';

describeBusContract('KafkaBus', kafkaUnderTest);

describe('the partition of a key', () => {
  it("is the one that Kafka's own clients choose", () => {
    const choose = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => {
      return { partitionId, leader: 1, partitionErrorCode: 0, replicas: [], isr: [] };
    });
    for (let at = 0; at < 2_000; at += 1) {
      const key = `${'ключ-äöü-x'.slice(0, at % 11)}${at}`;
      const chosen = choose({ topic: 't', partitionMetadata, message: { key, value: '' } });
      expect(partitionOf(key, 12)).toBe(chosen);
    }
  });
});
