// What can be wrong with the database itself, and how errors of the driver become errors of the ports.
import { EngineError, isEngineError } from '@sallyport/engine';
import { DatabaseError } from 'pg';

/** `schema_newer`: the database was migrated by a newer version of this software. */
export type PostgresErrorCode = 'schema_newer';

/** Meant for the person who starts the process: the message says what to do. */
export class PostgresError extends Error {
  constructor(
    readonly code: PostgresErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'PostgresError';
  }
}

/** SQLSTATE XX001 and XX002: what is on disk is not what was written. */
const damaged = /^XX00[12]$/;
/** Connection lost, server shutting down or recovering: after these a write may count. */
const lost = /^(08|57P)/;
/** The connection leads to a server that takes no writes any more, or forgot our statements. */
const misplaced = /^(25006|26000)$/;

/** What an error says about the statement and the connection it came from. */
export interface Failure {
  readonly error: EngineError;
  /** The connection is of no further use. */
  readonly breaksConnection: boolean;
}

/**
 * An error of the driver as one of the ports: `store_damaged` when what is on disk cannot have been written,
 * `outcome_unknown` when the statement `mayCount` and the server did not say that it failed, else
 * `store_unavailable`.
 */
export function failureOf(cause: unknown, mayCount: boolean): Failure {
  if (isEngineError(cause)) return { error: cause, breaksConnection: true };
  if (!(cause instanceof DatabaseError) || !isVerdict(cause)) {
    const code = mayCount ? 'outcome_unknown' : 'store_unavailable';
    return { error: new EngineError(code, {}, { cause: withoutValues(cause) }), breaksConnection: true };
  }
  const state = cause.code ?? '';
  const code = damaged.test(state) ? 'store_damaged' : 'store_unavailable';
  const error = new EngineError(code, {}, { cause: withoutValues(cause) });
  return { error, breaksConnection: misplaced.test(state) };
}

/** Runs work on what was read: what cannot be parsed was not written by us. */
export function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof SyntaxError ? new EngineError('store_damaged', {}, { cause: error }) : error;
  }
}

/** Whether the server says that the statement failed. A fatal error ends a session, whatever it had done. */
function isVerdict({ severity, code = '' }: DatabaseError): boolean {
  return severity === 'ERROR' && !lost.test(code);
}

/** The server's details may quote what was to be stored; a cause is logged. */
function withoutValues(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { message, code, severity, table, constraint } = error;
  return Object.assign(new Error(message), { code, severity, table, constraint });
}
