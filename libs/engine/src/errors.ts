// What can go wrong between a decision and the disk, as a closed list of codes.

/**
 * - `revision_conflict`: the stream stood elsewhere than expected; nothing was appended.
 * - `guard_moved`: a guarded stream had moved. The append MAY exist (stores that check guards after the
 *   acknowledgement), unless its details say `appended: false`: reload, decide again, release nothing on the
 *   old decision.
 * - `outcome_unknown`: the store or the bus did not say whether it committed; treat like `guard_moved`.
 * - `store_unavailable`: the store is away; nothing is known to have happened, nothing was appended.
 * - `store_damaged`: what is stored cannot be read as what was written: the file was damaged or altered.
 * - `queue_full`: too many commands wait on this stream or in this process.
 * - `conflict_persists`: decided again as often as allowed and lost every time.
 * - `checkpoint_moved`: another writer advanced this projection; the batch was discarded.
 * - `bus_unavailable`: the message bus is away; certainly nothing was published.
 * - `bus_diverged`: the bus ends with an event that the store does not hold.
 * - `fenced`: another publisher of this name was opened since; nothing was published, nor ever will be.
 */
export type EngineErrorCode =
  | 'revision_conflict'
  | 'guard_moved'
  | 'outcome_unknown'
  | 'store_unavailable'
  | 'store_damaged'
  | 'queue_full'
  | 'conflict_persists'
  | 'checkpoint_moved'
  | 'bus_unavailable'
  | 'bus_diverged'
  | 'fenced';

/** The one error class of `engine` and of the adapters behind its ports. */
export class EngineError extends Error {
  constructor(
    readonly code: EngineErrorCode,
    readonly details: { stream?: string; expected?: number; actual?: number; appended?: false } = {},
    options?: { cause?: unknown },
  ) {
    super(`${code}${details.stream === undefined ? '' : ` on ${details.stream}`}`, options);
    this.name = 'EngineError';
  }
}

/** True for an `EngineError`, of the given code when one is named. */
export function isEngineError(error: unknown, ...codes: EngineErrorCode[]): error is EngineError {
  return error instanceof EngineError && (codes.length === 0 || codes.includes(error.code));
}
