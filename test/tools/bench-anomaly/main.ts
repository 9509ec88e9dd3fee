// `npm run bench:anomaly`: how soon after an event the decision that it led to is in force, where the rules
// run in a process of their own behind EventStoreDB's protocol, a relay and a real Kafka.
import { parseArgs } from 'node:util';
import type { Position, RecordedEvent } from '@sallyport/engine';
import { atShare } from '../bench/figures.js';
import { signingRate } from '../bench/signing-rate.js';
import { runTool } from '../command-line.js';
import { HistoryMaker } from '../history/made-ledger.js';
import { Random } from '../races/random.js';
import { Report } from '../report.js';
import { RulesStack } from '../rules-stack.js';
import { arriveAll, Load } from './load.js';

const help = `npm run bench:anomaly [-- options]
  --rate N          events a second that are appended (1000)
  --seconds N       (10)
  --partitions N    of the topics (6)
  --json            one JSON document on standard output (use npm run -s)
  --help

One process each of the relay and the rules, a real Kafka and PostgreSQL, and a wire double of EventStoreDB
in this process, into which the events are injected, all on the cores of this machine. One event in a
hundred is from where its person cannot be. Latency is from the store's time of the event to its time of the
hold that was decided on it.
`;

const aimMs = 250;
/** A broker's JVM compiles what it needs for some ten seconds of load. */
const warmUpSeconds = 20;
const clock = { now: () => Date.now() };

await runTool({ help, readOptions, run });

async function run(values: ReturnType<typeof readOptions>): Promise<number> {
  const report = new Report({ tool: 'bench:anomaly', json: values.json });
  const [rate, seconds] = [Number(values.rate), Number(values.seconds)];
  report.group('anomaly', `${rate} events a second for ${seconds} s, one process of each app`);
  const partitions = Number(values.partitions);
  const stack = await RulesStack.start({ partitions, anomalies: 1, injecting: true });
  try {
    const maker = new HistoryMaker(stack.injection, clock, new Random(1));
    const people = await arriveAll(maker);
    await stack.untilJudged();
    const load = new Load(maker, people);
    await load.run(rate, warmUpSeconds);
    const from = (await stack.feed.head()) ?? '0';
    const reached = await load.run(rate, seconds);
    await stack.untilJudged();
    tell(report, { rate, reached, latencies: await decisionsAfter(stack, from) });
    const unverified = await stack.metric('sallyport_evidence_alarms_total');
    report.check('all evidence is in the store', unverified === 0, unverified);
  } finally {
    await stack.dispose();
  }
  return report.finish();
}

/** How long after their trigger was stored the holds of the rules were, milliseconds, as the ledger tells. */
async function decisionsAfter(stack: RulesStack, from: Position): Promise<number[]> {
  const storedMs = new Map<Position, number>();
  const latencies: number[] = [];
  for (let at = from; ; ) {
    const events: readonly RecordedEvent[] = await stack.feed.read(at, 1_000);
    for (const { type, position, recordedAt, data } of events) {
      storedMs.set(position, Date.parse(recordedAt));
      const { trigger = '' } = (data['decision'] ?? {}) as { readonly trigger?: Position };
      const triggerMs = storedMs.get(trigger);
      if (type !== 'account.sensitive-actions-held' || triggerMs === undefined) continue;
      latencies.push(Date.parse(recordedAt) - triggerMs);
    }
    const last = events.at(-1);
    if (last === undefined) return latencies;
    at = last.position;
  }
}

interface Told {
  readonly rate: number;
  readonly reached: number;
  readonly latencies: readonly number[];
}

function tell(report: Report, { rate, reached, latencies }: Told): void {
  const value = Math.round(reached);
  const holds = value >= rate * 0.98;
  report.figure({ name: 'events appended', value, unit: '1/s', aim: `${rate}`, holds });
  const noted = { aim: 'noted', holds: true };
  const { length } = latencies;
  report.figure({ name: 'decisions', value: length, unit: '', aim: '> 0', holds: length > 0 });
  const sorted = latencies.toSorted((a, b) => a - b);
  for (const [share, label] of [[0.5, 'p50'], [0.9, 'p90'], [0.99, 'p99'], [1, 'max']] as const) {
    const ms = atShare(sorted, share);
    const aimed = label === 'p99' ? { aim: `<= ${aimMs}`, holds: ms <= aimMs } : noted;
    report.figure({ name: `event to decision, ${label}`, value: ms, unit: 'ms', ...aimed });
  }
  const signatures = Math.round(signingRate());
  report.figure({ name: 'ES256 signatures of one thread', value: signatures, unit: '1/s', ...noted });
}

function readOptions() {
  return parseArgs({
    options: {
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '10' },
      partitions: { type: 'string', default: '6' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}
