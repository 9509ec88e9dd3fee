// Pure decisions of the session ledger: accounts, sessions, sign-in names, cutoffs, and the standing that
// follows.
export * from './account.js';
export * from './account-enforcement.js';
export * from './account-events.js';
export * from './account-holds.js';
export * from './account-travel.js';
export * from './anomaly-events.js';
export * from './catalogue.js';
export * from './folds.js';
export * from './later-events.js';
export * from './login-events.js';
export * from './policy.js';
export * from './rotation.js';
export * from './rotation-events.js';
export * from './rule-decisions.js';
export * from './session.js';
export * from './session-events.js';
export * from './standing.js';
export * from './system-events.js';
export * from './travel-decisions.js';
