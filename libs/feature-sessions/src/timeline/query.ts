// What requests for timelines and event streams may ask, read from their queries.
import { eventCatalogue } from '@sallyport/core-session';
import type { Position } from '@sallyport/engine';
import { ProblemError } from '@sallyport/feature-ledger';

/** Query parameters as they came. */
export type Query = Readonly<Record<string, unknown>>;

const position = /^(0|[1-9]\d{0,19})$/;

/** Where a stream begins, how often it beats, and what it is about. */
export interface StreamQuery {
  readonly from?: Position;
  readonly heartbeatMs: number;
  readonly types?: ReadonlySet<string>;
}

const heartbeatSeconds = { min: 1, max: 60, otherwise: 15 };

/** `from`, `heartbeat` and `type`; the header of a client that reconnects by itself wins over `from`. */
export function readStream(headers: Query, query: Query): StreamQuery {
  const last = headers['last-event-id'];
  const from = readPosition(last ?? query['from'], last === undefined ? 'from' : 'Last-Event-ID');
  const heartbeatMs = readNumber(query['heartbeat'], 'heartbeat', heartbeatSeconds) * 1000;
  return { from, heartbeatMs, types: readTypes(query['type']) };
}

/** A position, or undefined where the parameter is absent. Throws on anything else. */
export function readPosition(value: unknown, name: string): Position | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && position.test(value)) return value;
  throw malformed(`${name} must be one position: a whole number, as answers and events give it.`);
}

/** A whole number in the range, or `otherwise`. */
export function readNumber(
  value: unknown,
  name: string,
  range: { readonly min: number; readonly max: number; readonly otherwise: number },
): number {
  if (value === undefined) return range.otherwise;
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.min && number <= range.max) return number;
  throw malformed(`${name} must be a whole number from ${range.min} to ${range.max}.`);
}

/** Event types, separated by commas; undefined for all. */
export function readTypes(value: unknown): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined;
  const types = typeof value === 'string' ? value.split(',') : [];
  const unknown = types.filter((type) => !Object.hasOwn(eventCatalogue, type));
  if (types.length > 0 && unknown.length === 0) return new Set(types);
  throw malformed(`type must be event types, separated by commas, e.g. session.revoked,account.locked.`);
}

/** 400 that says which parameter is wrong. */
export function malformed(detail: string): ProblemError {
  return new ProblemError({ status: 400, code: 'bad_request', title: 'The request cannot be read', detail });
}
