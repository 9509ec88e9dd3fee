// The rows of an account's timeline, and what a sentence about one needs to know besides.
import type { SealedPersonal } from './rows.js';

/** One thing that happened, as its event tells it. Nothing personal in clear, no hashes and no keys. */
export interface Happening<Details extends object = object> {
  /** Of its event: unique, and the order of the timeline. */
  readonly position: string;
  /** Store time, ISO 8601 in UTC. */
  readonly at: string;
  /** The stored type of its event. */
  readonly type: string;
  /** Who acted; `id` of operators and rules only. */
  readonly by: { readonly kind: string; readonly id?: string };
  readonly sessionId?: string;
  readonly deviceId?: string;
  readonly clientId?: string;
  /** ISO 3166-1 alpha-2, where the request's network is known. */
  readonly country?: string;
  /** What is particular to the type. */
  readonly details: Details;
  readonly personal?: SealedPersonal;
}

/** View `timeline-session`: what later events of a session do not say themselves. Key is its id. */
export interface TimelineSessionRow {
  readonly clientId: string;
  readonly deviceId?: string;
  /** Where it was used from so far, the latest new one last; at most `maxCountriesTold` in all. */
  readonly countries: readonly string[];
}

/** What things are called, for whom. */
export interface Names {
  /** The owner is told what was done, not why an operator or a rule did it, nor which one. */
  readonly audience: 'owner' | 'operator';
  client(clientId: string): string;
  device(deviceId: string): string;
  /** `code` is ISO 3166-1 alpha-2. */
  country(code: string): string;
}

export const timelineViews = { timeline: 'timeline', session: 'timeline-session' } as const;

/** Owner of the rows that concern every account: cutoffs. */
export const everybody = '*';

/** A session that goes round the world makes so many rows of the timeline, and no more. */
export const maxCountriesTold = 16;

const positionDigits = 20;

/** The key of a row: positions in a form whose order as texts is their order as numbers. */
export function timelineKey(position: string): string {
  return position.padStart(positionDigits, '0');
}
