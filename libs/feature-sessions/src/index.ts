// What a signed-in person sees of their sessions and devices, and the thread that keeps it up to date.
export { SessionsModule } from './sessions.module.js';
export type { DeviceShown, SessionShown } from './session-views.js';
export { EventStreams } from './timeline/event-streams.js';
export { OperatorHistory } from './timeline/operator-history.js';
export type { StreamEndReason, StreamProblem } from './timeline/stream-end.js';
export type { TimelineEntry } from './timeline/storyteller.js';
export type { TimelinePage } from './timeline/timeline.js';
export { CheckpointProgress, type CheckpointProgressParts } from './checkpoint-progress.js';
export { ViewProgress } from './view-progress.js';
export type { ViewLag } from './view-progress.js';
export { ViewWorker } from './view-worker.js';
export type { ViewThread, ViewWorkerOrder, ViewWorkerParts, ViewWorkerReport } from './view-worker.js';
