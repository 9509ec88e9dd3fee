// Running the service: the listening socket, request hooks, errors, logs, metrics, health, clocks.
export { consumerMetrics } from './consumer-metrics.js';
export { EnvironmentReader, unknownSettings } from './environment.js';
export { HttpMetrics } from './http-metrics.js';
export { openSocket, type HttpSocket } from './http-server.js';
export { logLevels, ServiceLog, type LogLevel, type RequestLine } from './logging.js';
export { measureGeo, measurePasswords, type DatedSources } from './port-metrics.js';
export { OperationsModule } from './operations.module.js';
export { endForMistakes, ProcessLife } from './process-life.js';
export { startingListener, untilReached, type Reaching } from './until-reached.js';
export { ProblemFilter } from './problem-filter.js';
export { Readiness, remembered, type ReadinessCheck, type ReadinessReport } from './readiness.js';
export { redact, redactText } from './redaction.js';
export { RequestGate, requestKind, type RequestKind } from './request-gate.js';
export { addRequestHooks, type RequestHooks } from './request-hooks.js';
export { RouteTable } from './route-table.js';
export { MovableClock, SystemClock, SystemIds } from './system-clock.js';
export { isAddressRange, TrustedProxies } from './trusted-proxies.js';
export { readWorkerConfig, workerSettings } from './worker-config.js';
export type { WorkerConfig, WorkerSetting } from './worker-config.js';
export { WorkerService, type Work, type WorkerParts } from './worker-service.js';
export { developmentKey, type DevelopmentKey } from './development-key.js';
export { startHttpApplication, type HttpApplicationParts } from './http-application.js';
export {
  deepFreeze,
  describedSettings,
  readServiceConfig,
  isLoopback,
  serviceSettings,
  sharedServiceSettings,
  type ServiceConfig,
  type ServiceSetting,
  type SettingDescription,
  type SettingRow,
} from './service-config.js';
export { runWorker, startFailure, type ReadConfig, type WorkerProcess } from './run-worker.js';
