// What must hold of every answer to a refresh by a phone, or by somebody with its token and its key.
import { fingerprint } from '@sallyport/tokens';
import type { SessionState } from '@sallyport/core-session';
import type { Answer, WireRequest } from './phone.js';

/** Thrown when the service broke a guarantee. */
export class Violation extends Error {}

/** Retries of one generation that are recorded; what comes after them is sampled. */
const recordedRetries = 16;

/** A request of a key-bound phone: once granted it is not again, and an honest one is never refused. */
export function judgeKeyBound(
  request: WireRequest,
  answer: Answer,
  session: { readonly active: boolean; readonly before: SessionState; readonly after: SessionState },
): void {
  const { phone } = request;
  const { active, before, after } = session;
  if (answer.kind === 'tokens') {
    if (!active) throw new Violation('a session that had ended was given a token');
    if (request.first === 'tokens' && !isSampled(before) && !isSampled(after)) {
      throw new Violation('one request was granted twice');
    }
    return;
  }
  if (answer.error !== 'invalid_grant' || !active || phone.compromised) return;
  const isCurrent = fingerprint(request.token) === after.fingerprint;
  const isPredecessor = fingerprint(request.token) === after.previousFingerprint;
  if (isCurrent || isPredecessor) throw new Violation(`an honest refresh was refused: ${answer.reason}`);
  if (phone.stored?.token === request.token) {
    throw new Violation(`an honest phone was signed out: ${answer.reason}`);
  }
}

/** A request of a bearer app: its token is good once, and ends the session when it is used again. */
export function judgeBearer(
  answer: Answer,
  session: { readonly active: boolean; readonly after: SessionState; readonly reused: boolean },
): void {
  const { active, after, reused } = session;
  if (answer.kind === 'tokens' && !active) {
    throw new Violation('a bearer session that had ended was given a token');
  }
  if (!reused || !active) return;
  if (answer.kind === 'tokens') throw new Violation('a bearer token was used twice');
  if (after.status !== 'ended') throw new Violation('a reused bearer token did not end its session');
}

/** Whether retries of the latest token are no longer recorded one by one. */
export function isSampled({ retries = 0 }: SessionState): boolean {
  return retries >= recordedRetries;
}
