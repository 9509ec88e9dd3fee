// Pure folds of the ledger's events into the tables that answer questions.
export * from './rows.js';
export * from './sessions-projection.js';
