// Reads the configuration, starts the rules, and ends the process: on a signal, on a mistake, on a crash.
import { PostgresError } from '@sallyport/adapter-postgres';
import { runWorker } from '@sallyport/feature-operations';
import { openAnomaly } from './anomaly.js';
import { readConfig } from './config.js';

await runWorker({
  name: 'anomaly',
  read: readConfig(),
  open: openAnomaly,
  isTold: (error) => error instanceof PostgresError,
});
