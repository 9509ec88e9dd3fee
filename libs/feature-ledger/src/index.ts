// The ledger as Nest sees it: typed commands and queries, and the handlers that decide them on the streams.
export * from './account-commands.js';
export { AuthorizationCodes, verifierFits, type AuthorizationCode } from './authorization-codes.js';
export { clientAddress } from './client-address.js';
export {
  defaultAbsoluteSeconds,
  defaultIdleSeconds,
  parseClients,
  type ParsedClients,
} from './client-file.js';
export { passwordLength } from './credential-handlers.js';
export * from './enforcement-commands.js';
export * from './errors.js';
export { Ledger } from './ledger.js';
export { LedgerModule, LedgerOrdersModule } from './ledger.module.js';
export * from './problem.js';
export * from './queries.js';
export { RequestProofs } from './request-proofs.js';
export * from './session-commands.js';
export * from './settings.js';
export * from './system-commands.js';
export * from './travel-commands.js';
