// A stored event as the rules see it, and how its place and time are read.
import type { EventPlace } from '@sallyport/core-session';

/** What the engine's recorded events have. */
export interface ObservedEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  /** Decimal integer as a string. */
  readonly position: string;
  /** The store's clock, ISO 8601 in UTC. */
  readonly recordedAt: string;
  readonly data: object;
  readonly actor: { readonly kind: string; readonly id?: string };
  /** The account; `*` for events of no account. */
  readonly partitionKey: string;
  /** As in `ObservedPlace`. */
  readonly digest?: string;
}

/** What of an event names it: as much of it as a finding needs of what it fired on. */
export type TriggerEvent = Pick<ObservedEvent, 'id' | 'stream' | 'revision' | 'position'>;

/** Whether position `a` stands after `b`; everything stands after the empty text. */
export function isAfter(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}

/** The id of a session from the name of its stream (`streams` of core-session). */
export function sessionIdOf(stream: string): string {
  return stream.slice('session-'.length);
}

/** Where an event stands, and as what it was read there. */
export interface ObservedPlace extends EventPlace {
  /** Of all that rules can read in the event, where it came by a bus: the store is asked by it later. */
  readonly digest?: string;
}

/** The place of an event, without the rest of it. */
export function placeOf({ position, stream, revision, digest }: ObservedPlace): ObservedPlace {
  return { position, stream, revision, ...(digest === undefined ? {} : { digest }) };
}

/** Milliseconds since the epoch. Throws for a text that is no time: such an event cannot be judged. */
export function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`not a time: ${String(text).slice(0, 40)}`);
  return ms;
}
