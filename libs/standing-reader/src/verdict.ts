// What a reader of the standings answers, and why it may not know.
import type { HoldShown, StandingReason } from '@sallyport/core-session';
import type { KeptSession } from '@sallyport/core-views';

/**
 * Why nothing is known, so that the answer has to be no.
 * - `not_read`: the partition was not read to the end it had yet, or is missing.
 * - `feed_missing`: it holds no word of its writer's progress.
 * - `feed_too_old`: what it holds may be older than is allowed, or the clocks are that far apart.
 * - `unknown_version`: a record that matters here was written by a newer version.
 * - `set_aside`: the writer could not fold an event of this account.
 * - `unknown_session`: no such session; it never was, or was over long ago.
 */
export const unknownReasons = [
  'not_read',
  'feed_missing',
  'feed_too_old',
  'unknown_version',
  'set_aside',
  'unknown_session',
] as const;
export type UnknownReason = (typeof unknownReasons)[number];

/** Only `active` allows. */
export type LocalStanding =
  /** `asOf`: all that was in the ledger at this instant is taken into account; ISO 8601 in UTC. */
  | { readonly status: 'active'; readonly asOf: string }
  | { readonly status: 'ended'; readonly reason: StandingReason }
  | { readonly status: 'unknown'; readonly reason: UnknownReason };

/** A session as it is shown. Times are ISO 8601 in UTC. */
export interface LocalSession extends Omit<KeptSession, 'status' | 'endCause' | 'marker' | 'flags'> {
  readonly id: string;
  readonly lastActiveAt: string;
  /** When an event of its own ended it. */
  readonly endedAt?: string;
  readonly flags: readonly string[];
  readonly standing: LocalStanding;
  /** What keeps it from sensitive actions while it may act. */
  readonly holds: readonly HoldShown[];
}
