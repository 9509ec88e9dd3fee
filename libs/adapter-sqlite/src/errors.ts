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

/** How the driver says that a file is not what SQLite wrote. */
const damaged = /^SQLITE_(CORRUPT|NOTADB)/;

/**
 * An error of the driver (disk full, I/O, closed) as `store_unavailable`, or as `store_damaged` when what was
 * read cannot have been written; errors of the ports pass unchanged.
 */
export function asUnavailable(error: unknown): EngineError {
  if (isEngineError(error)) return error;
  const { code } = error as { readonly code?: unknown };
  const isDamage = error instanceof SyntaxError || damaged.test(String(code));
  return new EngineError(isDamage ? 'store_damaged' : 'store_unavailable', {}, { cause: error });
}

/** Runs synchronous work on a database as a promise, with errors of the driver mapped (`asUnavailable`). */
export function settle<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(asUnavailable(error));
  }
}
