// Reads the configuration, starts the service, and ends the process: on a signal, on a mistake, on a crash.
import { SqliteFileError } from '@sallyport/adapter-sqlite';
import { ServiceLog } from '@sallyport/feature-operations';
import { isTokenError } from '@sallyport/tokens';
import { readConfig } from './config.js';
import { startService } from './service.js';

/** sysexits.h: the configuration is wrong. */
const exitConfig = 78;
/** Longer than any part of a stop may take; then something hangs. */
const stopMs = 25_000;

const { config, mistakes } = readConfig();
if (mistakes !== undefined) {
  const lines = mistakes.map((mistake) => `  - ${mistake}\n`);
  process.stderr.write(`Sallyport cannot start. What is wrong with its configuration:\n${lines.join('')}`);
  process.exit(exitConfig);
}
const log = new ServiceLog(config.logLevel);
process.on('unhandledRejection', (error) => crash('a promise was rejected and nobody looked', error));
process.on('uncaughtException', (error) => crash('an error was thrown and nobody caught it', error));
try {
  const service = await startService(config, log);
  process.stdout.write(service.banner);
  stopOnSignals(service.stop);
} catch (error) {
  log.close();
  process.stderr.write(`Sallyport cannot start: ${reasonOf(error)}\n`);
  process.exit(1);
}

/** The first signal lets every accepted request be answered, the second does not. */
function stopOnSignals(stop: () => Promise<boolean>): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) end(1, `${signal} again: stopping without waiting`);
    stopping = true;
    log.log({ msg: 'stopping', signal });
    setTimeout(() => end(1, 'the stop took too long'), stopMs).unref();
    stop().then(
      (answered) => end(0, answered ? 'stopped' : 'stopped; some requests were cut off'),
      (error: unknown) => crash('the stop failed', error),
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function end(code: number, message: string): never {
  log.log(message);
  log.close();
  process.exit(code);
}

/** What the process knows may be wrong now; the store is safe at every instant, so it ends at once. */
function crash(message: string, error: unknown): never {
  log.fatal({ msg: message, error });
  log.close();
  process.exit(1);
}

/** Words for whoever starts the service; what nobody foresaw comes with its stack. */
function reasonOf(error: unknown): string {
  if (error instanceof SqliteFileError) return error.message;
  if (isTokenError(error, 'master_key_wrong')) {
    return `${error.message}. Start with the master key that made this data, or with another data directory.`;
  }
  if (isTokenError(error)) return `${error.message}.`;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}. Another process has the port; stop it, or set PORT.`;
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `${message}. Set PORT or SALLYPORT_HOST.`;
  return stack ?? String(error);
}
