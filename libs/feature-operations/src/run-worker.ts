// The whole life of a worker's process: configuration, port, work, and its end on a signal or a mistake.
import type { Registry } from 'prom-client';
import { ServiceLog } from './logging.js';
import { endForMistakes, ProcessLife } from './process-life.js';
import type { WorkerConfig } from './worker-config.js';
import { WorkerService, type Work } from './worker-service.js';

/** The configuration, or what is wrong with it. */
export type ReadConfig<C> =
  | { readonly config: C; readonly mistakes?: undefined }
  | { readonly config?: undefined; readonly mistakes: readonly string[] };

export interface WorkerProcess<C extends WorkerConfig> {
  readonly name: string;
  readonly read: ReadConfig<C>;
  /** As `WorkerParts.open`. */
  open(given: { readonly config: C; readonly log: ServiceLog }, registry: Registry): Promise<Work>;
  /** Whether the error's message is meant for whoever starts the process. */
  isTold(error: unknown): error is Error;
}

/** Works until a signal; ends the process. */
export async function runWorker<C extends WorkerConfig>(worker: WorkerProcess<C>): Promise<void> {
  const { config, mistakes } = worker.read;
  if (mistakes !== undefined) endForMistakes(mistakes);
  const log = new ServiceLog(config.logLevel);
  const life = new ProcessLife(log);
  try {
    const open = (registry: Registry): Promise<Work> => worker.open({ config, log }, registry);
    const service = await WorkerService.listen({ name: worker.name, config, log, open });
    life.stopOnSignals(() => service.stop());
    process.stdout.write(service.banner);
    await service.run();
  } catch (error) {
    life.endForFailedStart(worker.isTold(error) ? error.message : startFailure(error));
  }
}

/** Words for whoever starts a process; what nobody foresaw comes with its stack. */
export function startFailure(error: unknown): string {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}. Another process has the port; stop it, or set PORT.`;
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `${message}. Set PORT or SALLYPORT_HOST.`;
  return stack ?? String(error);
}
