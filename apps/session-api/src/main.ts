// Reads the configuration, starts the service, and ends the process: on a signal, on a mistake, on a crash.
import { PostgresError } from '@sallyport/adapter-postgres';
import { endForMistakes, ProcessLife, ServiceLog, startFailure } from '@sallyport/feature-operations';
import { isTokenError } from '@sallyport/tokens';
import { readConfig } from './config.js';
import { SessionApi } from './service.js';

const { config, mistakes } = readConfig();
if (mistakes !== undefined) endForMistakes(mistakes);
const log = new ServiceLog(config.logLevel);
const life = new ProcessLife(log);
try {
  const service = await SessionApi.listen(config, log);
  life.stopOnSignals(() => service.stop());
  process.stdout.write(service.banner);
  await service.start();
} catch (error) {
  life.endForFailedStart(reasonOf(error));
}

/** Words for whoever starts the service. */
function reasonOf(error: unknown): string {
  if (error instanceof PostgresError) return error.message;
  if (isTokenError(error, 'master_key_wrong')) {
    return `${error.message}. Start with the master key that made these data, or with another database.`;
  }
  if (isTokenError(error)) return `${error.message}.`;
  return startFailure(error);
}
