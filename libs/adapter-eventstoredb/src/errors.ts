// What can be wrong with the address, and how errors of the driver become errors of the ports.
import { EngineError, type EngineErrorCode } from '@sallyport/engine';
import { ErrorType, isCommandError } from '@eventstore/db-client';

/**
 * - `url_invalid`: it cannot be read as the address of a store.
 * - `option_unsupported`: an option of the client that it ignores, or that would break a promise of the port.
 * - `credentials_missing`: the connection is encrypted and nobody is named.
 * - `credentials_in_clear`: somebody is named, but the connection is not encrypted: they would be dropped.
 * - `file_unreadable`: a certificate or key file cannot be read.
 * - `access_denied`, `unreachable`: setting users and access up failed on it.
 */
export type EventStoreSettingsErrorCode =
  | 'url_invalid'
  | 'option_unsupported'
  | 'credentials_missing'
  | 'credentials_in_clear'
  | 'file_unreadable'
  | 'access_denied'
  | 'unreachable';

/** Meant for the person who configures the process: says what to do, and never holds a password. */
export class EventStoreSettingsError extends Error {
  constructor(
    readonly code: EventStoreSettingsErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'EventStoreSettingsError';
  }
}

/** A call had no answer in its time. Whether it was carried out is not known. */
export class CallTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
    this.name = 'CallTimeout';
  }
}

/** Why the store counts as away: a closed list, without names or addresses. */
export type Trouble = 'unavailable' | 'timeout' | 'not_leader' | 'access_denied' | 'internal';

/** The kind of a driver's error; undefined for errors without a kind. */
export function typeOf(error: unknown): ErrorType | undefined {
  return error instanceof Error && isCommandError(error) ? error.type : undefined;
}

/** The trouble an error means, or undefined for an answer: a conflict, a stream that is not there. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof CallTimeout) return 'timeout';
  if (error instanceof EngineError) return undefined;
  switch (typeOf(error)) {
    case ErrorType.WRONG_EXPECTED_VERSION:
    case ErrorType.STREAM_NOT_FOUND:
    case ErrorType.STREAM_DELETED:
    case ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED:
    case ErrorType.USER_CONFLICT:
    case ErrorType.USER_NOT_FOUND:
      return undefined;
    case ErrorType.ACCESS_DENIED:
      return 'access_denied';
    case ErrorType.NOT_LEADER:
      return 'not_leader';
    case ErrorType.TIMEOUT:
    case ErrorType.DEADLINE_EXCEEDED:
      return 'timeout';
    case ErrorType.UNAVAILABLE:
    case ErrorType.CANCELLED:
      return 'unavailable';
    default:
      return 'internal';
  }
}

/** What the driver says when a call never left this process. */
const neverSent = new RegExp(
  'No connection established|Channel closed before call started|' +
    'Channel has been shut down|Failed to discover',
);

/** Whether the call certainly was not carried out. */
export function certainlyNothingDone(error: unknown): boolean {
  const type = typeOf(error);
  if (type === ErrorType.ACCESS_DENIED || type === ErrorType.NOT_LEADER) return true;
  return error instanceof Error && neverSent.test(error.message);
}

/** The error of an append as one of the port: unless it is certain that nothing was done, it is unknown. */
export function appendError(error: unknown, stream: string): Error {
  if (error instanceof EngineError || error instanceof RangeError) return error;
  const type = typeOf(error);
  if (type === ErrorType.STREAM_DELETED) return asEngineError('store_damaged', stream, error);
  if (type === ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED) {
    return new RangeError('the events are larger than the store takes in one append', { cause: error });
  }
  const code = certainlyNothingDone(error) ? 'store_unavailable' : 'outcome_unknown';
  return asEngineError(code, stream, error);
}

/** The error of a read as one of the port. A stream that was deleted is damage: none ever is by us. */
export function readError(error: unknown, stream?: string): EngineError {
  if (error instanceof EngineError) return error;
  const isDeleted = typeOf(error) === ErrorType.STREAM_DELETED;
  return asEngineError(isDeleted ? 'store_damaged' : 'store_unavailable', stream, error);
}

function asEngineError(code: EngineErrorCode, stream: string | undefined, cause: unknown): EngineError {
  return new EngineError(code, stream === undefined ? {} : { stream }, { cause });
}
