// Reads the configuration, starts the relay, and ends the process: on a signal, on a mistake, on a crash.
import { PostgresError } from '@sallyport/adapter-postgres';
import { endForMistakes, ProcessLife, ServiceLog, WorkerService } from '@sallyport/feature-operations';
import { readConfig } from './config.js';
import { openRelay } from './relay.js';

const { config, mistakes } = readConfig();
if (mistakes !== undefined) endForMistakes(mistakes);
const log = new ServiceLog(config.logLevel);
const life = new ProcessLife(log);
try {
  const open = openRelay.bind(undefined, { config, log });
  const service = await WorkerService.listen({ name: 'relay', config, log, open });
  life.stopOnSignals(() => service.stop());
  process.stdout.write(service.banner);
  await service.run();
} catch (error) {
  life.endForFailedStart(reasonOf(error));
}

/** Words for whoever starts it; what nobody foresaw comes with its stack. */
function reasonOf(error: unknown): string {
  if (error instanceof PostgresError) return error.message;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}. Another process has the port; stop it, or set PORT.`;
  return stack ?? String(error);
}
