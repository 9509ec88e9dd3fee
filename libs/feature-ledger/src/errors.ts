// Refusals of commands, as a closed list of codes; `feature-*` map them to HTTP in one table each.
import type { AccountRefusal } from '@sallyport/core-session';

/** Why a command was refused: nothing was appended, and asking again with the same input changes nothing. */
export type LedgerErrorCode =
  | AccountRefusal
  | 'session_unknown'
  | 'session_ended'
  | 'name_taken'
  | 'name_malformed'
  | 'password_too_short'
  | 'password_too_long'
  | 'password_wrong'
  | 'too_many_attempts'
  | 'key_unknown';

export class LedgerError extends Error {
  constructor(readonly code: LedgerErrorCode) {
    super(code);
    this.name = 'LedgerError';
  }
}
