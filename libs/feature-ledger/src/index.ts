// The ledger as Nest sees it: typed commands and queries, and the handlers that decide them on the streams.
export * from './account-commands.js';
export { clientAddress } from './client-address.js';
export { defaultAbsoluteSeconds, defaultIdleSeconds, parseClients, type ParsedClients } from './client-file.js';
export * from './errors.js';
export * from './problem.js';
export * from './queries.js';
export * from './session-commands.js';
export * from './system-commands.js';
