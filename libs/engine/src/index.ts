// The engine: ports, and the few functions that run decisions and folds over them. No word of the session
// domain.
export * from './attempt-limits.js';
export * from './bounded-cache.js';
export * from './bus.js';
export * from './consumer-checkpoints.js';
export * from './consumer-parts.js';
export * from './consumer-work.js';
export * from './dead-letter.js';
export * from './errors.js';
export * from './event.js';
export * from './event-record.js';
export * from './event-store.js';
export * from './feed.js';
export * from './geo-lookup.js';
export * from './lease.js';
export * from './partition-of.js';
export * from './password-hasher.js';
export * from './ports.js';
export * from './secret-store.js';
export * from './view-store.js';
export * from './handle-command.js';
export * from './projection.js';
export * from './replay.js';
export * from './run-consumer.js';
export * from './run-projection.js';
export * from './state-reader.js';
export * from './stream-queue.js';
