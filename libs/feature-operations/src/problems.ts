// From what went wrong to what is answered: one table, RFC 9457 for people's APIs, RFC 6749 for OAuth
// endpoints.
import { HttpException } from '@nestjs/common';
import { isEngineError } from '@sallyport/engine';
import { LedgerError, ProblemError } from '@sallyport/feature-ledger';
import type { LedgerErrorCode, ProblemParts } from '@sallyport/feature-ledger';

/** What is answered. */
export interface Problem extends ProblemParts {
  /** Nothing the caller did: worth a line in the log. */
  readonly ours?: true;
}

const ledgerProblems: Readonly<Record<LedgerErrorCode, readonly [status: number, title: string]>> = {
  account_exists: [409, 'The account exists already'],
  account_unknown: [404, 'There is no such account'],
  account_not_open: [409, 'The account is not open'],
  account_not_locked: [409, 'The account is not locked'],
  device_unknown: [404, 'The account has no such device'],
  device_key_lost: [409, 'The key of this device was reported lost'],
  device_revoked_since: [409, 'The device was revoked since this sign-in'],
  too_many_devices: [409, 'The account has too many devices; remove one'],
  too_many_lost_keys: [409, 'So many keys of this account were reported lost that no device can be added'],
  hold_unknown: [404, 'The account has no such hold'],
  travel_period_invalid: [422, 'A notice lasts 90 days at most, ends in the future and begins within a year'],
  travel_countries_invalid: [422, 'A notice names 1 to 10 countries by ISO 3166-1 alpha-2 codes'],
  travel_notice_unknown: [404, 'There is no such travel notice'],
  too_many_travel_notices: [409, 'There are 5 travel notices already; take one back'],
  session_unknown: [404, 'There is no such session'],
  session_ended: [401, 'The session that asks has ended'],
  name_taken: [409, 'An account with this e-mail address exists'],
  name_malformed: [422, 'This is not an e-mail address'],
  password_too_short: [422, 'The password is too short; it needs 12 characters'],
  password_too_long: [422, 'The password is too long'],
  password_wrong: [403, 'The current password is wrong'],
  too_many_attempts: [429, 'Too many attempts; wait'],
  key_unknown: [404, 'There is no such key'],
};

const endedChallenge = 'DPoP error="invalid_token", Bearer error="invalid_token"';

/** The end of `urn:sallyport:problem:<code>` where only the status says what is wrong. */
export type HttpProblem =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'request_timeout'
  | 'conflict'
  | 'content_too_large'
  | 'uri_too_long'
  | 'unsupported_media_type'
  | 'unprocessable'
  | 'too_many_requests'
  | 'headers_too_large'
  | 'temporarily_unavailable'
  | 'refused'
  | 'internal_error';

const titles: Readonly<Record<number, readonly [code: HttpProblem, title: string]>> = {
  400: ['bad_request', 'The request cannot be read'],
  401: ['unauthorized', 'The request needs valid credentials'],
  403: ['forbidden', 'The request is not allowed'],
  404: ['not_found', 'There is nothing here'],
  405: ['method_not_allowed', 'This method does not work here'],
  406: ['not_acceptable', 'There is no such representation'],
  408: ['request_timeout', 'The request took too long to arrive'],
  409: ['conflict', 'The request contradicts what is'],
  413: ['content_too_large', 'The request is too large'],
  414: ['uri_too_long', 'The URL is too long'],
  415: ['unsupported_media_type', 'This media type is not understood here'],
  422: ['unprocessable', 'The request cannot be carried out as it stands'],
  429: ['too_many_requests', 'Too many requests; wait'],
  431: ['headers_too_large', 'The headers of the request are too large'],
  503: ['temporarily_unavailable', 'The service cannot answer now; ask again'],
};

const refusedProblem: readonly [HttpProblem, string] = ['refused', 'The request was refused'];
const internalProblem: HttpProblem = 'internal_error';

/** The answer to an error of any kind. What is not known becomes a 500 that says nothing. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.parts;
  if (error instanceof LedgerError) {
    const [status, title] = ledgerProblems[error.code];
    // Which scheme the request came by is not known here: RFC 9110 section 11.6.1 lets a server name both.
    const headers = status === 401 ? { headers: { 'www-authenticate': endedChallenge } } : {};
    return { status, code: error.code, title, ...headers };
  }
  if (isEngineError(error)) return unavailable();
  if (error instanceof HttpException) return ofStatus(error.getStatus());
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return ofStatus(statusCode);
  return { status: 500, code: internalProblem, title: 'The service made a mistake', ours: true };
}

/**
 * 503 with the wait it asks for; the same for a store that is away and for a service that has enough to do.
 */
export function unavailable(): Problem {
  const [code, title] = titles[503] ?? refusedProblem;
  return { status: 503, code, title, headers: { 'retry-after': '1' } };
}

export function ofStatus(status: number): Problem {
  const [code, title] = titles[status] ?? refusedProblem;
  return { status, code, title, ...(status >= 500 ? { ours: true } : {}) };
}

/** The body as RFC 9457 has it. */
export function problemBody(problem: Problem, requestId: string): string {
  const { code, title, status, detail, members } = problem;
  const type = `urn:sallyport:problem:${code}`;
  return JSON.stringify({ type, title, status, detail, ...members, requestId });
}

/** The body as RFC 6749 section 5.2 has it, for requests that did not get as far as the endpoint itself. */
export function oauthBody(problem: Problem): string {
  const ours = problem.status === 503 ? 'temporarily_unavailable' : 'server_error';
  const error = problem.status >= 500 ? ours : 'invalid_request';
  return JSON.stringify({ error, error_description: problem.title });
}
