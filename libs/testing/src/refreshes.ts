// Refreshes decided on the streams of the example sessions; all else is in order unless said otherwise.
import { rotate, sessionFold } from '@sallyport/core-session';
import type { RotateRefresh, RotationDecision, SessionState, StandingInput } from '@sallyport/core-session';
import { bearerStarted, keyBoundStarted, minuteMs, refreshOf, standingOf, startedMs } from './examples.js';
import { given } from './given-when-then.js';
import type { Given, Outcome } from './given-when-then.js';

export type SessionStream = Given<SessionState | undefined>;

/** The stream of Alice's session on her phone, and the one of a bearer client. */
export const keyBound: SessionStream = given(sessionFold, keyBoundStarted);
export const bearer: SessionStream = given(sessionFold, bearerStarted);

/** So many minutes after the example sessions started, in milliseconds. */
export function minutesIn(minutes: number): number {
  return startedMs + minutes * minuteMs;
}

/** Decides a refresh on the stream; `changes` are to the account, the cutoffs or the session's id. */
export function refreshed(
  from: SessionStream,
  command: RotateRefresh,
  changes: Partial<StandingInput> = {},
): Outcome<SessionState | undefined, RotationDecision> {
  return from.when((session) => rotate(standingOf(session as SessionState, changes), command));
}

/** The stream after `times` rotations of the latest token, one an hour. `of` makes the commands. */
export function rotatedHourly(from: SessionStream, times: number, of = refreshOf): SessionStream {
  let stream = from;
  for (let n = 0; n < times; n += 1) {
    stream = refreshed(stream, of(n, minutesIn(60 * (n + 1)))).happens('session.refresh-rotated');
  }
  return stream;
}
