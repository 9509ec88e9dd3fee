// A place in the ledger's history, named by a position or an instant, and the walk through events up to it.
import { comparePositions, isEngineError } from '@sallyport/engine';
import type { Feed, Position, RecordedEvent } from '@sallyport/engine';
import { AuditorError } from './errors.js';

/** `instant` is ISO 8601 with milliseconds in UTC, so that instants compare as texts. */
export type Moment =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'instant'; readonly instant: string };

/** A decimal number, or an ISO 8601 date or time that names its zone; undefined for anything else. */
export function parseMoment(text: string): Moment | undefined {
  if (/^\d{1,18}$/.test(text)) return { kind: 'position', position: String(Number.parseInt(text, 10)) };
  const shape = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.exec(text);
  const time = Date.parse(text);
  // A 30 February reads as a day in March.
  const day = new Date(Date.parse(shape?.[1] ?? ''));
  if (shape === null || Number.isNaN(time) || day.toISOString().slice(0, 10) !== shape[1]) return undefined;
  return { kind: 'instant', instant: new Date(time).toISOString() };
}

/** Which events a walk passes, and who is told how far it is. */
export interface Walk {
  /** From this moment on, itself included; from the first event where absent. */
  readonly from?: Moment;
  /** Up to this moment, itself included; up to the head that the store has at the start where absent. */
  readonly to?: Moment;
  progressed?(position: Position, head: Position): void;
}

const pageSize = 1_000;

/**
 * The events of the walk in order of position, in pages. "At instant T" means the last position whose running
 * maximum of `recordedAt` is not after T: the walk ends before the first event recorded after T. Throws
 * `event_unreadable`.
 */
export async function* walk(feed: Feed, { from, to, progressed }: Walk): AsyncGenerator<RecordedEvent[]> {
  const head = await feed.head();
  let after: Position | null = from?.kind === 'position' ? before(from.position) : null;
  let begun = from === undefined || from.kind === 'position';
  while (head !== null && comparePositions(after, head) < 0) {
    const page = await readPage(feed, after, pageSize);
    const last = page.at(-1);
    if (last === undefined) return;
    if (comparePositions(last.position, after) <= 0) throw unreadable(after, 'is not in its place');
    const start = begun ? 0 : page.findIndex((event) => !isBefore(event, from));
    const end = page.findIndex((event) => isPast(event, to) || comparePositions(event.position, head) > 0);
    begun ||= start !== -1;
    if (begun) yield page.slice(start, end === -1 ? undefined : end);
    if (end !== -1) return;
    progressed?.(last.position, head);
    after = last.position;
  }
}

/** Whether the event is at or after `from`, and not after `to`; either may be left out. */
export function isWithin(event: RecordedEvent, { from, to }: Pick<Walk, 'from' | 'to'>): boolean {
  if (isPast(event, to) || isBefore(event, from)) return false;
  return from?.kind !== 'position' || comparePositions(event.position, from.position) >= 0;
}

/** A page that cannot be read is read in smaller parts, to tell which event it is. */
async function readPage(feed: Feed, after: Position | null, limit: number): Promise<RecordedEvent[]> {
  try {
    return await feed.read(after, limit);
  } catch (error) {
    if (!isEngineError(error, 'store_damaged')) throw error;
    if (limit > 1) return readPage(feed, after, Math.floor(limit / 2));
    throw unreadable(after, 'cannot be read', error);
  }
}

function unreadable(after: Position | null, problem: string, cause?: unknown): AuditorError {
  const place = after === null ? 'The first event' : `The event after position ${after}`;
  return new AuditorError('event_unreadable', `${place} ${problem}.`, { cause });
}

function isPast(event: RecordedEvent, to: Moment | undefined): boolean {
  if (to === undefined) return false;
  if (to.kind === 'instant') return event.recordedAt > to.instant;
  return comparePositions(event.position, to.position) > 0;
}

function isBefore(event: RecordedEvent, from: Moment | undefined): boolean {
  return from?.kind === 'instant' && event.recordedAt < from.instant;
}

function before(position: Position): Position | null {
  const previous = BigInt(position) - 1n;
  return previous < 1n ? null : String(previous);
}
