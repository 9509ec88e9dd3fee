// The shape of an event before and after it is stored, and how positions compare.

/** JSON-safe data: survives `JSON.parse(JSON.stringify(x))` unchanged. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** A place in the whole store: a decimal integer as a string; compare with `comparePositions`. */
export type Position = string;

/** Who acted. `id` is an account id, client id, operator name or rule name; never personal data. */
export interface Actor {
  readonly kind: 'user' | 'service' | 'operator' | 'rule' | 'system';
  readonly id?: string;
}

/** What every event of one command shares. */
export interface EventContext {
  readonly correlationId: string;
  /** The command or event that caused this one. */
  readonly causationId: string;
  /** The account whose order this event belongs to; `*` for system events. */
  readonly partitionKey: string;
  readonly actor: Actor;
}

/** An event as a decider makes it: a fact. `personal` and `credential` are clear here and sealed before
 * storing. */
export interface DomainEvent {
  /** Stable, dotted, lower case, e.g. `session.refresh-rotated`. */
  readonly type: string;
  readonly data: object;
  readonly personal?: JsonObject;
  readonly credential?: string;
}

/** An event ready to append. */
export interface EventDraft extends EventContext {
  /** UUID, derived from the command id and the index within the command; unique in its stream. */
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonObject;
  /** Personal data, sealed under the account's own key (ciphertext, base64url). */
  readonly personal?: string;
  /** Credential, sealed under the master key (ciphertext, base64url); never relayed. */
  readonly credential?: string;
}

/** An event as the store returns it. */
export interface RecordedEvent extends EventDraft {
  readonly stream: string;
  /** Place in its stream, from 0, no gaps. */
  readonly revision: number;
  readonly position: Position;
  /** The store's clock, ISO 8601 with milliseconds in UTC, never going back along positions. */
  readonly recordedAt: string;
  /** SHA-256 (base64url) of the stored bytes of the stream's event before; absent on the first event of a
   * stream and on events appended at any revision. */
  readonly previousHash?: string;
  /** SHA-256 (base64url) of this event's own stored bytes, computed from what was read. */
  readonly hash: string;
}

/** Negative, zero or positive as `a` stands before, at or after `b`. `null` stands before everything. */
export function comparePositions(a: Position | null, b: Position | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a.length === b.length ? (a < b ? -1 : 1) : a.length - b.length;
}
