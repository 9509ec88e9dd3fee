// Pure folds of the ledger's events into the tables that answer questions.
export * from './projections.js';
export * from './rows.js';
export * from './sessions-projection.js';
export * from './standing-projection.js';
export * from './standing-records.js';
export { happeningOf, sentenceOf, tellers } from './timeline.js';
export * from './timeline-projection.js';
export * from './timeline-rows.js';
