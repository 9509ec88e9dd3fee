// The set-up of a real Kafka: topics as planned, access that holds, and nothing changed by a second run.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { busTopics, KafkaBus } from '@sallyport/adapter-kafka';
import { exampleRecord } from '@sallyport/testing';
import { Kafka, logLevel } from 'kafkajs';
import { repositoryRoot } from '../tools/repository.js';
import { KafkaBroker } from './kafka.js';

const roles = ['relay', 'projector', 'anomaly', 'reader'];
const users = Object.fromEntries(['admin', ...roles.map((role) => `sallyport-${role}`)].map((name) => {
  return [name, `password-of-${name}`];
}));

let broker: KafkaBroker;
beforeAll(async () => {
  broker = await KafkaBroker.start({ users });
}, 120_000);
afterAll(() => broker.stop(), 30_000);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function init(...options: string[]): Promise<Ran> {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    SALLYPORT_KAFKA_BROKERS: broker.brokers,
    SALLYPORT_KAFKA_USERNAME: 'admin',
    SALLYPORT_KAFKA_PASSWORD: users['admin'],
  };
  const command = [join(repositoryRoot(), 'apps', 'kafka-init', 'kafka-init.mjs'), ...options];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

function busOf(role: string): KafkaBus {
  const username = `sallyport-${role}`;
  const sasl = { username, password: users[username] as string };
  return new KafkaBus({ brokers: broker.brokers, clientId: username, sasl });
}

describe('npm run kafka:init', () => {
  it('makes topics and access, and finds them the second time', async () => {
    const first = await init('--partitions', '4', '--json');
    expect(first).toMatchObject({ code: 0 });
    const outcomes = ({ out }: Ran): string[] => {
      return (JSON.parse(out) as { steps: { outcome: string }[] }).steps.map(({ outcome }) => outcome);
    };
    expect(new Set(outcomes(first))).toEqual(new Set(['made']));
    const second = await init('--partitions', '4', '--json');
    expect(new Set(outcomes(second))).toEqual(new Set(['kept']));
    expect(outcomes(second)).toHaveLength(8);
  }, 60_000);

  it('sets settings again that somebody changed, and refuses another number of partitions', async () => {
    const sasl = { mechanism: 'plain', username: 'admin', password: users['admin'] as string } as const;
    const admin = new Kafka({ brokers: [broker.brokers], sasl, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const configEntries = [{ name: 'retention.ms', value: '1000' }];
    const resource = { type: 2, name: busTopics.events, configEntries };
    await admin.alterConfigs({ validateOnly: false, resources: [resource] });
    await admin.disconnect();
    const again = await init('--partitions', '4');
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^changed/) });
    const other = await init('--partitions', '5');
    expect(other.code).toBe(1);
    expect(other.out).toMatch(/refused {3}topic sallyport\.events has 4 partitions, not 5/);
  }, 60_000);

  it('lets the relay publish, and the relay alone', async () => {
    const records = [exampleRecord(busTopics.events, 'a'), exampleRecord(busTopics.network, 'tag')];
    const [relay, anomaly] = [busOf('relay'), busOf('anomaly')];
    const publisher = relay.publisher({ name: 'sallyport-relay', transactionTimeoutMs: 10_000 });
    await publisher.open();
    await publisher.publish(records);
    await publisher.close();
    // Opening waits until what its predecessor committed is there to read.
    const next = relay.publisher({ name: 'sallyport-relay', transactionTimeoutMs: 10_000 });
    await next.open();
    const last = await next.lastRecords(busTopics.events);
    await next.close();
    expect(last.filter((record) => record !== null)).toHaveLength(1);
    await expect(anomaly.write(records.slice(0, 1))).rejects.toMatchObject({ name: 'EngineError' });
    const intruder = anomaly.publisher({ name: 'sallyport-relay', transactionTimeoutMs: 10_000 });
    await expect(intruder.open()).rejects.toMatchObject({ code: 'bus_unavailable' });
    await intruder.close();
    await anomaly.write([exampleRecord(busTopics.deadLetters, 'a')]);
    const stop = new AbortController();
    const seen: string[] = [];
    await anomaly.consume(
      {
        topic: busTopics.events,
        group: 'sallyport-anomaly-1',
        handler: {
          assigned: async () => null,
          handle: async (batch) => {
            seen.push(...batch.records.map(({ key }) => key));
            stop.abort();
          },
          idle: async () => undefined,
        },
      },
      stop.signal,
    );
    expect(seen).toEqual(['a']);
    await Promise.all([relay.close(), anomaly.close()]);
  }, 90_000);

  it('lets the projector write standings, and readers read them', async () => {
    const [projector, reader] = [busOf('projector'), busOf('reader')];
    const record = exampleRecord(busTopics.standing, 'feed:0', { partition: 0 });
    const options = { name: 'sallyport-standing-0', transactionTimeoutMs: 10_000 };
    const publisher = projector.publisher(options);
    await publisher.open();
    await publisher.publish([record]);
    await publisher.close();
    // Opening waits until what its predecessor committed is there to read.
    const next = projector.publisher(options);
    await next.open();
    await next.close();
    for (const [bus, name] of [[projector, 'sallyport-standing'], [reader, 'sallyport-reader-1']] as const) {
      const seen: string[] = [];
      const take = (records: readonly { readonly key: string }[]): void => {
        seen.push(...records.map(({ key }) => key));
      };
      await bus.readThrough({ topic: busTopics.standing, partitions: [0, 1], name }, take);
      expect(seen).toEqual(['feed:0']);
    }
    await expect(reader.write([record])).rejects.toMatchObject({ name: 'EngineError' });
    const intruder = reader.publisher(options);
    await expect(intruder.open()).rejects.toMatchObject({ code: 'bus_unavailable' });
    await intruder.close();
    await Promise.all([projector.close(), reader.close()]);
  }, 90_000);

  it('says what is wrong, and how it is called', async () => {
    expect(await init('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--partitions') });
    expect(await init('--partitions', 'many')).toMatchObject({ code: 2 });
    expect(await init('--fast')).toMatchObject({ code: 2 });
  }, 60_000);
});
