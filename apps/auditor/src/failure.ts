// Why there is no answer, and what the exit code says of it.

/**
 * - `differs`: the ledger or the views are not what they should be.
 * - `usage`: the command cannot be right.
 * - `unavailable`: the data cannot be read now.
 */
export type FailureKind = 'differs' | 'usage' | 'unavailable';

export const exitCodes: Readonly<Record<FailureKind, number>> = { differs: 1, usage: 2, unavailable: 3 };

/** The message is for the person at the terminal. */
export class AuditFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'AuditFailure';
  }
}
