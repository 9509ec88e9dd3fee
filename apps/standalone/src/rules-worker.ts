// The thread that runs the rules: reads the ledger's file, alone writes the file of what the rules remember.
import { parentPort, workerData } from 'node:worker_threads';
import { countryPlaces } from '@sallyport/adapter-geoip';
import { SqliteFeed, SqliteViewStore } from '@sallyport/adapter-sqlite';
import type { Position } from '@sallyport/engine';
import { RuleConsumer } from '@sallyport/feature-anomaly';
import type { RuleThreadOrder } from '@sallyport/feature-anomaly';

/** `workerData` of this thread: paths of the two files, of which the ledger's must exist. */
export interface RulesWorkerData {
  /** What happened up to there before the rules were is history. */
  readonly historyUntil: Position;
  readonly ledgerFile: string;
  readonly rulesFile: string;
}

/** Rules may be this much later than the ledger, so that a busy second costs 60 commits and not 300. */
const paceMs = 15;

/** States are written once a second rather than with each batch, unless something is to be sent. */
const commitMs = 1_000;

const { ledgerFile, rulesFile, historyUntil } = workerData as RulesWorkerData;
const stop = new AbortController();
const feed = SqliteFeed.openReadOnly(ledgerFile);
const views = SqliteViewStore.open(rulesFile);
const consumer = new RuleConsumer({
  feed,
  views,
  countryPlaces,
  historyUntil,
  paceMs,
  commitMs,
  report: (report) => parentPort?.postMessage(report),
});

parentPort?.on('message', (order: RuleThreadOrder) => {
  if (order.kind === 'stop') stop.abort();
  else consumer.order(order);
});

try {
  await consumer.run(stop.signal);
} finally {
  views.close();
  feed.close();
  parentPort?.close();
}
