// The places an account was used from, as stretches of time that never overlap, in order of time.
import type { EventPlace } from '@sallyport/core-session';
import { placeOf } from './observed-event.js';
import type { Place } from './places.js';
import { stateLimits } from './state.js';
import type { Sighting } from './state.js';

/** A use from a place. */
export interface Seeing {
  readonly ms: number;
  readonly country: string;
  readonly place: Place;
  readonly session: string;
  readonly device: string;
  readonly at: EventPlace;
}

/**
 * Takes the use in. Answers the index of the stretch that is new or has grown towards a neighbour, so that it
 * and its neighbours are to be compared, or -1 where nothing new can follow: the usual case.
 */
export function noteSighting(sightings: Sighting[], seeing: Seeing): number {
  const { ms } = seeing;
  let index = sightings.length - 1;
  while (index >= 0 && (sightings[index] as Sighting).fromMs > ms) index -= 1;
  const before = sightings[index];
  if (before !== undefined && isSame(before, seeing)) {
    const grows = ms > before.toMs;
    if (grows) before.toMs = ms;
    if (isHollow(before)) seeFirst(before, seeing);
    if (grows) seeLast(before, seeing);
    return grows && index < sightings.length - 1 ? index : -1;
  }
  if (before !== undefined && ms < before.toMs) split(sightings, index, ms);
  const after = sightings[index + 1];
  if (after !== undefined && isSame(after, seeing)) {
    after.fromMs = ms;
    if (isHollow(after)) seeLast(after, seeing);
    seeFirst(after, seeing);
    return index + 1;
  }
  const at = placeOf(seeing.at);
  const { country, session, device } = seeing;
  const { lat, lon, radiusKm } = seeing.place;
  return insert(sightings, index + 1, {
    fromMs: ms,
    toMs: ms,
    firstMs: ms,
    lastMs: ms,
    country,
    lat,
    lon,
    radiusKm,
    session,
    device,
    firstAt: at,
    lastAt: at,
  });
}

/** No use of it is known: it is between two uses elsewhere that came late, and perhaps there was none. */
export function isHollow({ fromMs, toMs, firstMs, lastMs }: Sighting): boolean {
  return firstMs > toMs || lastMs < fromMs;
}

/** Somebody was elsewhere in the middle of it: two stretches, up to that time and from then on. */
function split(sightings: Sighting[], index: number, ms: number): void {
  const whole = sightings[index] as Sighting;
  const { firstMs, firstAt, lastMs, lastAt } = whole;
  sightings.splice(index + 1, 0, { ...whole, fromMs: ms, firstMs: lastMs, firstAt: lastAt });
  Object.assign(whole, { toMs: ms, lastMs: firstMs, lastAt: firstAt });
}

function seeFirst(sighting: Sighting, { ms, at }: Seeing): void {
  sighting.firstMs = ms;
  sighting.firstAt = placeOf(at);
}

function seeLast(sighting: Sighting, { ms, at }: Seeing): void {
  sighting.lastMs = ms;
  sighting.lastAt = placeOf(at);
}

function isSame(sighting: Sighting, { country, place, session }: Seeing): boolean {
  return (
    sighting.session === session &&
    sighting.country === country &&
    sighting.lat === place.lat &&
    sighting.lon === place.lon &&
    sighting.radiusKm === place.radiusKm
  );
}

/** Where it stands then; -1 when it is older than all that can be kept. */
function insert(sightings: Sighting[], index: number, sighting: Sighting): number {
  sightings.splice(index, 0, sighting);
  const over = Math.max(0, sightings.length - stateLimits.sightings);
  if (over > 0) sightings.splice(0, over);
  return Math.max(-1, index - over);
}
