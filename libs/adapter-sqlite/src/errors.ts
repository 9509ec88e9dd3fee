// What can be wrong with the files themselves, and how errors of the driver become errors of the ports.
import { EngineError, isEngineError } from '@sallyport/engine';

/**
 * - `data_directory_in_use`: another process holds the lock on the data directory.
 * - `data_directory_unusable`: the directory cannot be made or written.
 * - `schema_newer`: the file was written by a newer version of this software.
 * - `foreign_file`: the file is a database, but not of this kind.
 */
export type SqliteFileErrorCode =
  'data_directory_in_use' | 'data_directory_unusable' | 'schema_newer' | 'foreign_file';

/** Meant for the person who starts the process: the message names the file and what to do. */
export class SqliteFileError extends Error {
  constructor(
    readonly code: SqliteFileErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'SqliteFileError';
  }
}

/**
 * An error of the driver (disk full, I/O, closed) as `store_unavailable`; errors of the ports pass unchanged.
 */
export function asUnavailable(error: unknown): EngineError {
  return isEngineError(error) ? error : new EngineError('store_unavailable', {}, { cause: error });
}

/** Runs synchronous work on a database as a promise, with driver errors mapped to `store_unavailable`. */
export function settle<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(asUnavailable(error));
  }
}
