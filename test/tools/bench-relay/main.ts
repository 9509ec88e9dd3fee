// `npm run bench:relay`: how many events a second the relay carries into a real Kafka, and how soon.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { KafkaBus, makeTopics } from '@sallyport/adapter-kafka';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaBroker } from '../../engines/kafka.js';
import { runTool } from '../command-line.js';
import { Report } from '../report.js';
import { fillDouble } from './filled-double.js';
import { latencies, madeSource, throughput } from './measures.js';
import type { BenchParts, BenchTopics } from './measures.js';

const help = `npm run bench:relay [-- options]
  --brokers LIST    a cluster to use, with topics that are deleted afterwards; by default a broker of its own
                    is started (needs Java and Maven)
  --partitions N    (12)
  --events N        events in the feed for the throughput (200000)
  --rate N          events a second for the latency (1000)
  --seconds N       of latency (10)
  --json            one JSON document on standard output (use npm run -s)
  --help

The feed is in this process and makes rotations of some 900 bytes, first ones that go to one topic, then ones
that tell of their network and go to two; then it is the wire double of EventStoreDB, in a process of its own,
with half as many. The broker, the relay and the reader share the machine's cores.
Latency is from the append to a reader of what is committed, in another consumer group and a process of its
own; milliseconds of the machine's clock.
`;

await runTool({ help, readOptions, run });

async function run(values: ReturnType<typeof readOptions>): Promise<number> {
  const report = new Report({ tool: 'bench:relay', json: values.json });
  const broker = values.brokers === undefined ? await KafkaBroker.start({ forLoad: true }) : undefined;
  const brokers = values.brokers ?? (broker as KafkaBroker).brokers;
  const bus = new KafkaBus({ brokers, clientId: 'bench' });
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  const made: string[] = [];
  const newTopics = async (): Promise<BenchTopics> => {
    const topics = { events: `bench-events-${randomUUID()}`, network: `bench-network-${randomUUID()}` };
    const numPartitions = Number(values.partitions);
    const planned = Object.values(topics).map((topic) => ({ topic, numPartitions }));
    await makeTopics(admin, planned);
    made.push(...Object.values(topics));
    return topics;
  };
  try {
    await admin.connect();
    const parts = async (): Promise<BenchParts> => ({ bus, topics: await newTopics() });
    await relayed(parts, Number(values.events), report);
    const load = { rate: Number(values.rate), seconds: Number(values.seconds) };
    const { latencyMs, outOfPlace } = await latencies({ ...(await parts()), brokers }, load);
    const read = latencyMs.length >= load.rate * load.seconds && outOfPlace === 0;
    report.check('the reader has every event, as it was sent', read, { read: latencyMs.length, outOfPlace });
    distribution(report, { name: `append to reader at ${values.rate}/s`, sample: latencyMs, aim: '<= 50' });
  } finally {
    await bus.close();
    if (made.length > 0) await admin.deleteTopics({ topics: made });
    await admin.disconnect();
    await broker?.stop();
  }
  return report.finish();
}

/** Events a second, from each kind of source. */
async function relayed(parts: () => Promise<BenchParts>, count: number, report: Report): Promise<void> {
  const noted = { aim: 'noted', holds: true };
  const figure = (name: string, perSecond: number, aim?: number): void => {
    const aimed = aim === undefined ? noted : { aim: `>= ${aim}`, holds: perSecond >= aim };
    report.figure({ name, value: Math.round(perSecond), unit: '1/s', ...aimed });
  };
  report.group('relay', 'from a feed in this process into Kafka');
  const plain = await throughput(await parts(), madeSource(count, false), { count, report });
  figure('events relayed', plain.perSecond, 20_000);
  const cpu = Math.round(plain.cpuMicros * 10) / 10;
  report.figure({ name: 'CPU of this process an event', value: cpu, unit: 'us', ...noted });
  distribution(report, { name: 'transaction of 1,000', sample: plain.transactionMs, aim: 'noted' });
  const half = count / 2;
  const tagged = await throughput(await parts(), madeSource(half, true), { count: half, report });
  figure('events relayed that are for the network topic too', tagged.perSecond);
  report.group('relay from the double', 'from the wire double of EventStoreDB into Kafka');
  const source = await fillDouble(half);
  try {
    const doubled = await throughput(await parts(), source, { count: half, report });
    figure('events relayed from the double', doubled.perSecond, 10_000);
  } finally {
    await source.stop();
  }
  report.group('latency', 'from the append to a reader');
}

interface Distribution {
  readonly name: string;
  /** Milliseconds. */
  readonly sample: readonly number[];
  readonly aim: 'noted' | '<= 50';
}

function distribution(report: Report, { name, sample, aim }: Distribution): void {
  const sorted = [...sample].sort((a, b) => a - b);
  const last = sorted.length - 1;
  const at = (part: number): number => sorted[Math.min(last, Math.floor(sorted.length * part))] ?? 0;
  for (const [part, label] of [[0.5, 'p50'], [0.9, 'p90'], [0.99, 'p99'], [1, 'max']] as const) {
    const value = Math.round(at(part) * 10) / 10;
    const isAim = label === 'p99' && aim !== 'noted';
    report.figure({
      name: `${name}, ${label}`,
      value,
      unit: 'ms',
      aim: isAim ? aim : 'noted',
      holds: !isAim || value <= 50,
    });
  }
}

function readOptions() {
  return parseArgs({
    options: {
      brokers: { type: 'string' },
      partitions: { type: 'string', default: '12' },
      events: { type: 'string', default: '200000' },
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}
