// The ledger's tables, and what an event is on disk: the bytes its hash covers and the way back.
import { hash as digest } from 'node:crypto';
import { EngineError, type EventDraft, type RecordedEvent } from '@sallyport/engine';
import type { FileKind } from './sqlite-file.js';

/**
 * A stream's number is the position of its first event. There is no second record of where a stream stands:
 * its head is the last entry of the unique index, so a crash, a restore or a bug cannot make the two
 * disagree, and an append writes one index page instead of two. The stream's name is repeated in its events
 * so that the feed reads one table from front to back and each row holds all that its hash covers.
 */
export const LEDGER_FILE: FileKind = {
  name: 'ledger',
  applicationId: 0x53504c31,
  migrations: [
    `CREATE TABLE heads (
       stream TEXT NOT NULL PRIMARY KEY,
       stream_id INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE events (
       position INTEGER PRIMARY KEY,
       stream_id INTEGER NOT NULL,
       revision INTEGER NOT NULL,
       stream TEXT NOT NULL,
       recorded_at TEXT NOT NULL,
       type TEXT NOT NULL,
       body TEXT NOT NULL
     ) STRICT;
     CREATE UNIQUE INDEX events_by_stream ON events (stream_id, revision);
     CREATE TRIGGER events_stay BEFORE DELETE ON events
       BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
     CREATE TRIGGER events_keep BEFORE UPDATE ON events
       BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;`,
  ],
};

/** Columns of an event in the order in which every query here selects them. */
export const EVENT_COLUMNS = 'position, stream_id, revision, stream, recorded_at, type, body';
export type EventRow = [
  position: number,
  streamId: number,
  revision: number,
  stream: string,
  recordedAt: string,
  type: string,
  body: string,
];

/** Where a stream stands. */
export interface Head {
  readonly streamId: number;
  readonly revision: number;
  /** Of the last event; absent until somebody needed it. */
  readonly hash?: string;
}

/** The parts of an event that its stream, place and time do not decide, as JSON without the closing brace. */
export function openBody(draft: EventDraft): string {
  const { id, schemaVersion, data, personal, credential, correlationId, causationId, partitionKey, actor } =
    draft;
  const body = {
    id,
    schemaVersion,
    data,
    personal,
    credential,
    correlationId,
    causationId,
    partitionKey,
    actor,
  };
  return JSON.stringify(body).slice(0, -1);
}

/** The stored text of a body. */
export function closeBody(open: string, previousHash: string | undefined): string {
  return previousHash === undefined ? `${open}}` : `${open},"previousHash":"${previousHash}"}`;
}

/**
 * SHA-256 (base64url) over `stream LF revision LF recordedAt LF type LF body`, UTF-8. Unambiguous, because
 * neither stream nor type may hold a line feed and JSON text without indentation has none.
 */
export function hashOf(
  stream: string,
  revision: number,
  rest: { at: string; type: string; body: string },
): string {
  return digest('sha256', `${stream}\n${revision}\n${rest.at}\n${rest.type}\n${rest.body}`, 'base64url');
}

/**
 * The event of a row. Its hash is computed from the row as read, so that a row altered on disk shows. Throws
 * `store_damaged` for a row that no append wrote.
 */
export function toRecordedEvent(row: EventRow): RecordedEvent {
  const [position, , revision, stream, at, type, body] = row;
  // A text turned into bytes would read as the same text.
  const isText = typeof body === 'string' && typeof stream === 'string' && typeof at === 'string';
  if (!isText || typeof type !== 'string' || body[0] !== '{') {
    throw new EngineError('store_damaged', { stream: String(stream) });
  }
  // Completing the parsed object costs a third of copying it, and this is on every path that reads.
  const event = JSON.parse(body) as { -readonly [Key in keyof RecordedEvent]: RecordedEvent[Key] };
  event.type = type;
  event.stream = stream;
  event.revision = revision;
  event.position = String(position);
  event.recordedAt = at;
  event.hash = hashOf(stream, revision, { at, type, body });
  return event;
}
