// What auditors ask of a ledger, over the ports: is it what was written, who could act when, what happened,
// what other rules would have done.
export * from './account-at.js';
export * from './account-timeline.js';
export * from './anchor.js';
export * from './errors.js';
export * from './export.js';
export * from './moment.js';
export * from './replay-views.js';
export * from './rules-over-history.js';
export * from './stream-digests.js';
export * from './verdict-book.js';
export * from './verify.js';
