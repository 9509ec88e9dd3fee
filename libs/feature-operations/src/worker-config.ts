// What a process reads from its environment that serves nobody but those who watch it.
import type { EnvironmentReader } from './environment.js';
import { logLevels, type LogLevel } from './logging.js';
import type { SettingRow } from './service-config.js';

export const workerSettings = [
  ['PORT', '3000', 'Port of health and metrics; 0 takes a free one.'],
  ['SALLYPORT_HOST', '127.0.0.1', 'Address they are served on.'],
  ['SALLYPORT_LOG_LEVEL', 'info', 'trace, debug, info, warn, error, fatal or silent.'],
] as const satisfies readonly SettingRow[];

export type WorkerSetting = (typeof workerSettings)[number][0];

export interface WorkerConfig {
  readonly http: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
}

export function readWorkerConfig(read: EnvironmentReader<WorkerSetting>): WorkerConfig {
  const port = read.integer('PORT', { min: 0, max: 65_535, otherwise: 3000 });
  const host = read.text('SALLYPORT_HOST') ?? '127.0.0.1';
  const logLevel = read.choice('SALLYPORT_LOG_LEVEL', logLevels) ?? 'info';
  return { http: { host, port }, logLevel };
}
