// TLS to Kafka: spoken where the configuration says so, and only to a broker that proves who it is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaBus, readKafkaSettings } from '@sallyport/adapter-kafka';
import type { KafkaSetting } from '@sallyport/adapter-kafka';
import { exampleRecord } from '@sallyport/testing';
import type { ReceivedRecord } from '@sallyport/engine';
import { Kafka, logLevel } from 'kafkajs';
import { loopbackCertificate, ownCertificate } from '../tools/own-certificate.js';
import { KafkaBroker } from './kafka.js';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-kafka-tls-'));
const topic = 'encrypted';
let broker: KafkaBroker;

/** Files of a certificate: for whoever trusts it, and for the broker that has its key. */
function files(name: string, { certificate, key }: ReturnType<typeof loopbackCertificate>) {
  const [trusted, held] = [join(directory, `${name}.crt`), join(directory, `${name}.pem`)];
  writeFileSync(trusted, certificate);
  writeFileSync(held, `${key}${certificate}`, { mode: 0o600 });
  return { trusted, held };
}

const here = files('here', loopbackCertificate(Date.now()));
const elsewhere = files('elsewhere', ownCertificate('kafka.example', Date.now()));

beforeAll(async () => {
  broker = await KafkaBroker.start({ certificates: [here.held, elsewhere.held] });
  const admin = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
  await admin.disconnect();
}, 120_000);
afterAll(async () => {
  await broker.stop();
  rmSync(directory, { recursive: true });
}, 30_000);

/** As the environment of an app says it. */
function busBy(environment: { readonly [name in KafkaSetting]?: string }): KafkaBus {
  const { settings, mistakes } = readKafkaSettings((name) => environment[name]);
  if (settings === undefined) throw new Error(mistakes.join(' '));
  return new KafkaBus({ ...settings, clientId: 'test' });
}

async function partitions(environment: { readonly [name in KafkaSetting]?: string }): Promise<number> {
  const bus = busBy(environment);
  return bus.partitions(topic).finally(() => bus.close());
}

const at = (index: number): string => broker.encrypted[index] as string;

describe('TLS to Kafka', () => {
  it('carries what is published and read', async () => {
    const bus = busBy({ SALLYPORT_KAFKA_BROKERS: at(0), SALLYPORT_KAFKA_CA_FILE: here.trusted });
    const publisher = bus.publisher({ name: 'encrypted-publisher', transactionTimeoutMs: 10_000 });
    await publisher.open();
    const sent = Array.from({ length: 50 }, (_, index) => exampleRecord(topic, `key-${index % 7}`));
    await publisher.publish(sent);
    await publisher.close();
    const reading = { topic, partitions: [0, 1, 2], name: 'encrypted' };
    let received: ReceivedRecord[] = [];
    // A broker answers a commit before each partition shows it.
    for (let tries = 0; received.length < sent.length && tries < 10; tries += 1) {
      received = [];
      await bus.readThrough(reading, (some) => received.push(...some));
    }
    await bus.close();
    const values = (records: readonly { readonly value: string | null }[]) => {
      return records.map(({ value }) => value).toSorted();
    };
    expect(values(received)).toEqual(values(sent));
  }, 60_000);

  it.each([
    ['of an authority that nobody named', () => ({ SALLYPORT_KAFKA_TLS: 'true' })],
    ['of another authority', () => ({ SALLYPORT_KAFKA_CA_FILE: elsewhere.trusted })],
  ])('ends where the certificate is %s', async (_, trust) => {
    const asked = partitions({ SALLYPORT_KAFKA_BROKERS: at(0), ...trust() });
    await expect(asked).rejects.toMatchObject({ code: 'bus_unavailable' });
  }, 60_000);

  it('ends where the certificate names another host', async () => {
    const trust = { SALLYPORT_KAFKA_CA_FILE: elsewhere.trusted };
    const asked = partitions({ SALLYPORT_KAFKA_BROKERS: at(1), ...trust });
    await expect(asked).rejects.toMatchObject({ code: 'bus_unavailable' });
  }, 60_000);

  it('ends where one side speaks none', async () => {
    const trust = { SALLYPORT_KAFKA_CA_FILE: here.trusted };
    for (const environment of [
      { SALLYPORT_KAFKA_BROKERS: broker.brokers, ...trust },
      { SALLYPORT_KAFKA_BROKERS: at(0) },
    ]) {
      await expect(partitions(environment)).rejects.toMatchObject({ code: 'bus_unavailable' });
    }
  }, 60_000);
});
