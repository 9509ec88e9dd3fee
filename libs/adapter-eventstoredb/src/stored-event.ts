// What an event is in EventStoreDB: the bytes its hash covers, and the way there and back.
import { isUtf8 } from 'node:buffer';
import { hash as digest } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { EngineError, type EventDraft, type RecordedEvent } from '@sallyport/engine';
import { binaryEvent, type EventData, type ResolvedEvent } from '@eventstore/db-client';

/**
 * What the store keeps beside an event's body. Both are JSON, but to the store they are bytes: the driver
 * writes what it is told is JSON by way of base64, which costs a third of an append, and does not show it as
 * it was stored.
 */
interface StoredMetadata {
  /** The latest store time the writer knew when it sent the event; see `recordedAt` in `toRecordedEvent`. */
  readonly notBefore?: string;
}

type Writable = { -readonly [Key in keyof RecordedEvent]: RecordedEvent[Key] };

/** An append whose events are ready to be sent; what cannot be written as JSON has failed by then. */
export interface PreparedEvents {
  readonly events: EventData[];
  /** The id of the last event. */
  readonly lastId: string;
  /** Hash of the last event if it gets this revision. */
  readonly lastHash: (revision: number) => string;
}

/** Before any store had a clock: the time of a writer that has seen nothing. */
export const NO_TIME = '';
/** What servers before 22.6 answer as the position of an event read by its stream. */
const noPosition = 0xffff_ffff_ffff_ffffn;

/**
 * `expected` a revision chains each event to the one before, `any` chains none, as with every store. Throws
 * RangeError or TypeError for what cannot be stored.
 */
export function prepareEvents(
  drafts: readonly EventDraft[],
  place: {
    readonly stream: string;
    readonly expected: number | 'any';
    readonly previousHash: string | undefined;
    readonly notBefore: string;
  },
): PreparedEvents {
  const { stream, expected, notBefore } = place;
  const beside: StoredMetadata = notBefore === NO_TIME ? {} : { notBefore };
  const metadata = bytesOf(JSON.stringify(beside));
  let previousHash = expected === 'any' ? undefined : place.previousHash;
  let revision = expected === 'any' ? 0 : expected;
  let lastHash = (_: number): string => '';
  const events = drafts.map((draft) => {
    const body = JSON.stringify(bodyOf(draft, previousHash));
    revision += 1;
    lastHash = (at) => hashOf(stream, at, { notBefore, type: draft.type, body });
    if (expected !== 'any') previousHash = lastHash(revision);
    return binaryEvent({ id: draft.id, type: draft.type, data: bytesOf(body), metadata });
  });
  return { events, lastId: drafts.at(-1)?.id ?? '', lastHash };
}

/** Throws a RangeError for an append without events or a name with a line feed (see `hashOf`). */
export function checkAppend(stream: string, drafts: readonly EventDraft[]): void {
  if (drafts.length === 0) throw new RangeError('an append needs at least one event');
  if (stream === '' || stream.includes('\n') || drafts.some((draft) => draft.type.includes('\n'))) {
    throw new RangeError('a stream needs a name, and neither it nor a type may hold a line feed');
  }
}

function bodyOf(draft: EventDraft, previousHash: string | undefined) {
  const { id, schemaVersion, data, personal, credential, correlationId, causationId, partitionKey, actor } =
    draft;
  return {
    id,
    schemaVersion,
    data,
    personal,
    credential,
    correlationId,
    causationId,
    partitionKey,
    actor,
    previousHash,
  };
}

/**
 * SHA-256 (base64url) over `stream LF revision LF notBefore LF type LF body`, UTF-8: what is known when the
 * event is sent. Unambiguous, as stream and type hold no line feed and JSON without indentation has none.
 */
function hashOf(
  stream: string,
  revision: number,
  rest: { notBefore: string; type: string; body: string },
): string {
  const { notBefore, type, body } = rest;
  return digest('sha256', `${stream}\n${revision}\n${notBefore}\n${type}\n${body}`, 'base64url');
}

/**
 * The event as the port has it. `recordedAt` is the time at which the leader wrote it, or the writer's
 * `notBefore` where a leader's clock stood behind what the writer had seen: of one event always the same,
 * whoever reads it. Throws `store_damaged` for what no append of ours wrote.
 */
export function toRecordedEvent(resolved: ResolvedEvent, prefix: string): RecordedEvent {
  const { event } = resolved;
  if (event === undefined || !event.streamId.startsWith(prefix)) throw new EngineError('store_damaged');
  const stream = event.streamId.slice(prefix.length);
  const { id, data, type } = event;
  // Other bytes would read as the same text.
  if (!isUint8Array(data) || !isUtf8(data)) throw damaged(stream);
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  const recorded = parsed(stream, body);
  if (recorded.id !== id) throw damaged(stream);
  const notBefore = notBeforeOf(event.metadata);
  const revision = Number(event.revision);
  recorded.type = type;
  recorded.stream = stream;
  recorded.revision = revision;
  recorded.position = positionOf(event.position?.commit, stream);
  recorded.recordedAt = timeOf(event.created, notBefore);
  recorded.hash = hashOf(stream, revision, { notBefore, type, body });
  return recorded;
}

function parsed(stream: string, body: string): Writable {
  try {
    // Completing the parsed object costs a third of copying it, and this is on every path that reads.
    if (body.startsWith('{')) return JSON.parse(body) as RecordedEvent;
  } catch {
    // Not what was written.
  }
  throw damaged(stream);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Where an event stands and when it was recorded, for those who need nothing else of it. */
export function toPlace({ event }: ResolvedEvent): Pick<RecordedEvent, 'revision' | 'recordedAt'> {
  if (event === undefined) throw new EngineError('store_damaged');
  const recordedAt = timeOf(event.created, notBeforeOf(event.metadata));
  return { revision: Number(event.revision), recordedAt };
}

function notBeforeOf(metadata: unknown): string {
  return ((metadata ?? {}) as StoredMetadata).notBefore ?? NO_TIME;
}

function timeOf(created: Date, notBefore: string): string {
  const writtenAt = created.toISOString();
  return writtenAt > notBefore ? writtenAt : notBefore;
}

function positionOf(commit: bigint | undefined, stream: string): string {
  if (commit !== undefined && commit !== noPosition) return commit.toString(10);
  const cause = new Error('the server tells no positions when streams are read: it is older than 22.6');
  throw new EngineError('store_unavailable', { stream }, { cause });
}

function damaged(stream: string): EngineError {
  return new EngineError('store_damaged', { stream });
}
