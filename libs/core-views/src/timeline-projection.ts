// The projection `timeline`, generation 1: a row for each thing that happened to an account, refreshes aside.
import type { SallyportEvent, SessionState } from '@sallyport/core-session';
import type { ViewEvent, ViewHandler, ViewRows } from './rows.js';
import { happeningOf, tellers } from './timeline.js';
import { everybody, maxCountriesTold, timelineKey, timelineViews } from './timeline-rows.js';
import type { Happening, TimelineSessionRow } from './timeline-rows.js';

type EventType = SallyportEvent['type'];
type Touched = ReturnType<ViewHandler['touches']>;

const { timeline, session } = timelineViews;
const none: Touched = [];

/** Attempts on names that nobody has happen to no account. */
const listed: ViewHandler = {
  touches: (event) => (isOfNobody(event) ? none : [{ view: timeline, key: timelineKey(event.position) }]),
  apply: (event, rows) => {
    if (!isOfNobody(event)) list(event, rows, {});
  },
};

const started: ViewHandler = {
  touches: (event) => [...listed.touches(event), { view: session, key: sessionIdOf(event) }],
  apply: (event, rows) => {
    list(event, rows, {});
    putSession(event, rows, countryOf(event));
  },
};

/** Carries no state: what it is called by stands in the session's row. */
const revoked: ViewHandler = {
  touches: started.touches,
  apply: (event, rows) => {
    const { clientId, deviceId } = sessionRow(event, rows) ?? {};
    list(event, rows, {
      ...(clientId === undefined ? {} : { clientId }),
      ...(deviceId === undefined ? {} : { deviceId }),
    });
  },
};

/**
 * Refreshes are by far the most events, so one from a network of no known country costs nothing at all, and
 * one from a country known in its session costs the look at a small row.
 */
const rotated: ViewHandler = {
  touches: (event) => (countryOf(event) === undefined ? none : started.touches(event)),
  apply: (event, rows) => {
    const country = countryOf(event);
    if (country === undefined) return;
    const seen = sessionRow(event, rows)?.countries ?? [];
    if (seen.includes(country) || seen.length >= maxCountriesTold) return;
    const before = seen.at(-1);
    if (before !== undefined) list(event, rows, { details: { before } });
    putSession(event, rows, country);
  },
};

const own: { readonly [T in EventType]?: ViewHandler } = {
  'session.started': started,
  'session.revoked': revoked,
  'session.refresh-rotated': rotated,
};

const types = Object.keys(tellers) as EventType[];
const isHandled = (type: EventType): boolean => own[type] !== undefined || reasonOf(type) === undefined;

/** Follows from how each type is told: a type with a reason not to be listed is ignored for that reason. */
const handlers: { readonly [eventType: string]: ViewHandler } = Object.fromEntries(
  types.filter(isHandled).map((type) => [type, own[type] ?? listed]),
);
const ignored: { readonly [eventType: string]: string } = Object.fromEntries(
  types.filter((type) => !isHandled(type)).map((type) => [type, reasonOf(type) ?? '']),
);

export const timelineProjection = {
  name: 'timeline',
  generation: 1,
  views: Object.values(timelineViews),
  handlers,
  ignored,
} as const;

function reasonOf(type: EventType): string | undefined {
  return tellers[type].unlisted;
}

function isOfNobody({ partitionKey, type }: ViewEvent): boolean {
  return partitionKey === everybody && !type.startsWith('cutoffs.');
}

function list(event: ViewEvent, rows: ViewRows, more: Partial<Happening>): void {
  const body: Happening = { ...happeningOf(event), ...more };
  rows.put(timeline, { key: timelineKey(event.position), owner: event.partitionKey, body });
}

function putSession(event: ViewEvent, rows: ViewRows, country: string | undefined): void {
  const { clientId, deviceId } = stateOf(event);
  const countries = sessionRow(event, rows)?.countries ?? [];
  const body: TimelineSessionRow = {
    clientId,
    ...(deviceId === undefined ? {} : { deviceId }),
    countries: country === undefined ? countries : [...countries, country],
  };
  rows.put(session, { key: sessionIdOf(event), owner: event.partitionKey, body });
}

function sessionRow(event: ViewEvent, rows: ViewRows): TimelineSessionRow | undefined {
  return rows.get(session, sessionIdOf(event))?.body as TimelineSessionRow | undefined;
}

function countryOf(event: ViewEvent): string | undefined {
  return stateOf(event).network?.country ?? undefined;
}

function stateOf({ data }: ViewEvent): SessionState {
  return (data as { readonly state: SessionState }).state;
}

function sessionIdOf({ stream }: ViewEvent): string {
  return stream.slice('session-'.length);
}
