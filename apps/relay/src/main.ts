// Reads the configuration, starts the relay, and ends the process: on a signal, on a mistake, on a crash.
import { PostgresError } from '@sallyport/adapter-postgres';
import { runWorker } from '@sallyport/feature-operations';
import { readConfig } from './config.js';
import { openRelay } from './relay.js';

await runWorker({
  name: 'relay',
  read: readConfig(),
  open: openRelay,
  isTold: (error) => error instanceof PostgresError,
});
