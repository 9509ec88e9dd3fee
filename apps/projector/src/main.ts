// Reads the configuration, starts the projector, and ends the process: on a signal, on a mistake, on a crash.
import { PostgresError } from '@sallyport/adapter-postgres';
import { runWorker } from '@sallyport/feature-operations';
import { readConfig } from './config.js';
import { openProjector } from './projector.js';

await runWorker({
  name: 'projector',
  read: readConfig(),
  open: openProjector,
  isTold: (error) => error instanceof PostgresError,
});
