// What keeps an audit from going on, as a closed list of codes.

/**
 * - `event_unreadable`: an event cannot be read as what was written; the audit ends before it.
 * - `anchor_malformed`: a file is not an anchor, or one of a newer version.
 */
export type AuditorErrorCode = 'event_unreadable' | 'anchor_malformed';

/** For the person who audits: the message says where. */
export class AuditorError extends Error {
  constructor(
    readonly code: AuditorErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'AuditorError';
  }
}
