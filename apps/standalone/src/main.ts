// Reads the configuration, starts the service, and ends the process: on a signal, on a mistake, on a crash.
import { SqliteFileError } from '@sallyport/adapter-sqlite';
import { endForMistakes, ProcessLife, ServiceLog, startFailure } from '@sallyport/feature-operations';
import { isTokenError } from '@sallyport/tokens';
import { readConfig } from './config.js';
import { startService } from './service.js';

const { config, mistakes } = readConfig();
if (mistakes !== undefined) endForMistakes(mistakes);
const log = new ServiceLog(config.logLevel);
const life = new ProcessLife(log);
try {
  const service = await startService(config, log);
  process.stdout.write(service.banner);
  life.stopOnSignals(service.stop);
} catch (error) {
  life.endForFailedStart(reasonOf(error));
}

/** Words for whoever starts the service. */
function reasonOf(error: unknown): string {
  if (error instanceof SqliteFileError) return error.message;
  if (isTokenError(error, 'master_key_wrong')) {
    return `${error.message}. Start with the master key that made this data, or with another data directory.`;
  }
  if (isTokenError(error)) return `${error.message}.`;
  return startFailure(error);
}
