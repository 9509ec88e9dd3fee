// What a signed-in person sees of their sessions and devices, and the thread that keeps it up to date.
export { SessionsModule } from './sessions.module.js';
export type { DeviceShown, SessionShown } from './session-views.js';
export { ViewProgress } from './view-progress.js';
export type { ViewLag } from './view-progress.js';
export { ViewWorker } from './view-worker.js';
export type { ViewThread, ViewWorkerOrder, ViewWorkerParts, ViewWorkerReport } from './view-worker.js';
