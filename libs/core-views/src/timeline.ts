// What happened, in words: which parts of an event are told, and the sentence. Every type of event has one.
import type { SallyportEvent } from '@sallyport/core-session';
import type { ViewEvent } from './rows.js';
import { accountTellers } from './timeline-accounts.js';
import { anomalyTellers } from './timeline-anomalies.js';
import { otherTellers } from './timeline-others.js';
import type { Happening, Names } from './timeline-rows.js';
import { sessionTellers } from './timeline-sessions.js';
import type { Teller } from './timeline-words.js';

/** Complete by type: a new event that nobody tells does not compile. */
export const tellers: { readonly [T in SallyportEvent['type']]: Teller } = {
  ...accountTellers,
  ...sessionTellers,
  ...otherTellers,
  ...anomalyTellers,
};

/** Members that events of many types have, by the names they share. */
interface Subject {
  readonly device?: { readonly id: string; readonly clientId: string };
  readonly clientId?: string;
  readonly deviceId?: string;
  readonly network?: { readonly country?: string | null };
}

/** What of the event is told; without the personal part of a type that is told without its place. */
export function happeningOf(event: ViewEvent): Happening {
  const { position, recordedAt, type, stream, personal, id, actor } = event;
  const told = event.data as Subject;
  const state: Subject = stream.startsWith('session-') ? stateOf(event) : {};
  const country = (told.network ?? state.network)?.country ?? undefined;
  const isNamed = actor.kind === 'operator' || actor.kind === 'rule';
  return {
    position,
    at: recordedAt,
    type,
    by: isNamed && actor.id !== undefined ? { kind: actor.kind, id: actor.id } : { kind: actor.kind },
    ...known('sessionId', stream.startsWith('session-') ? stream.slice('session-'.length) : undefined),
    ...known('deviceId', told.deviceId ?? told.device?.id ?? state.deviceId),
    ...known('clientId', told.clientId ?? told.device?.clientId ?? state.clientId),
    ...known('country', country),
    details: withoutGaps(tellerOf(type).details(event.data)),
    ...(personal === undefined ? {} : { personal: { stream, eventId: id, sealed: personal } }),
  };
}

/** One sentence. Throws on a type that this software does not know. */
export function sentenceOf(told: Happening, names: Names): string {
  return tellerOf(told.type).say(told, names);
}

function tellerOf(type: string): Teller {
  if (Object.hasOwn(tellers, type)) return tellers[type as keyof typeof tellers];
  throw new Error(`${type} cannot be told: its writer is newer`);
}

function stateOf({ data }: ViewEvent): Subject {
  return (data as { readonly state?: Subject }).state ?? {};
}

function known<K extends string>(name: K, value: string | undefined): { readonly [name in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [name in K]: string });
}

/** Rows survive JSON unchanged: a member without a value is left out. */
function withoutGaps(details: object): object {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}
