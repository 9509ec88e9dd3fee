// The thread that folds the ledger into the views: reads the ledger's file, alone writes the views' file.
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteFeed, SqliteViewStore } from '@sallyport/adapter-sqlite';
import { projections } from '@sallyport/core-views';
import { isEngineError, runProjections } from '@sallyport/engine';
import type { ViewWorkerOrder, ViewWorkerReport } from '@sallyport/feature-sessions';

/** `workerData` of this thread: paths of the two files. The ledger's must exist. */
export interface ViewsWorkerData {
  readonly ledgerFile: string;
  readonly viewsFile: string;
}

/** Views may be this much later than the ledger, so that a busy second costs 60 commits and not 300. */
const paceMs = 15;

const { ledgerFile, viewsFile } = workerData as ViewsWorkerData;
const stop = new AbortController();
const report = (message: ViewWorkerReport): void => parentPort?.postMessage(message);

parentPort?.on('message', (order: ViewWorkerOrder) => {
  if (order.kind === 'stop') stop.abort();
});

const feed = SqliteFeed.openReadOnly(ledgerFile);
const views = SqliteViewStore.open(viewsFile);
try {
  await runProjections(
    projections,
    { feed, views, clock: Date },
    {
      signal: stop.signal,
      paceMs,
      progressed: (progress) => report({ kind: 'progress', ...progress }),
      failed: (error, retryInMs) => report({ kind: 'waiting', reason: reasonOf(error), retryInMs }),
    },
  );
} finally {
  views.close();
  feed.close();
  parentPort?.close();
}

function reasonOf(error: unknown): string {
  const cause = isEngineError(error) && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return error instanceof Error ? `${error.message}${cause}` : 'unknown';
}
