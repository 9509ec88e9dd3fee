// Why a stream of events ended, and what its last line tells the client.

/** Why the service ended a stream of events. The last line of the stream is a comment that begins with it. */
export type StreamEndReason =
  | 'session_ended'
  | 'token_expired'
  | 'too_slow'
  | 'views_behind'
  | 'unavailable'
  | 'stopping';

/** Why a request for a stream was turned away with 503: the end of `urn:sallyport:problem:<code>`. */
export type StreamProblem = 'too_many_streams' | 'stopping';

export const endings: Readonly<Record<StreamEndReason, string>> = {
  session_ended: 'The session of this stream has ended. Sign in again.',
  token_expired: 'The access token of this stream has expired. Connect again with a new one.',
  too_slow: 'This client reads more slowly than events happen. Connect again from the last event.',
  views_behind: 'What happened meanwhile cannot be told yet. Connect again from the last event.',
  unavailable: 'The service cannot read its ledger now. Connect again from the last event.',
  stopping: 'The service stops. Connect again from the last event.',
};

/** Thrown inside a stream to end it; without a reason when it was the client who left. */
export class StreamEnded extends Error {
  constructor(readonly reason?: StreamEndReason) {
    super(reason ?? 'the client left');
    this.name = 'StreamEnded';
  }
}
