// The places an account was used from, as stretches of time that never overlap, in order of time.
import { placeOf } from './observed-event.js';
import type { Place } from './places.js';
import { stateLimits } from './state.js';
import type { Sighting, Use } from './state.js';

/** A use from a place. */
export interface Seeing {
  readonly ms: number;
  readonly country: string;
  readonly place: Place;
  readonly session: string;
  readonly device: string;
  readonly at: Use['at'];
}

/** Stands for a use that nobody remembers: inside a stretch that a late use broke in two. */
const forgotten = '';

/**
 * Takes the use in. Answers the index of the stretch that is new or has grown towards a neighbour, so that it
 * and its neighbours are to be compared, or -1 where nothing new can follow: the usual case.
 */
export function noteSighting(sightings: Sighting[], seeing: Seeing): number {
  const { ms } = seeing;
  let index = sightings.length - 1;
  while (index >= 0 && (sightings[index] as Sighting).fromMs > ms) index -= 1;
  const before = sightings[index];
  if (before !== undefined && ms < before.toMs) return noteWithin(sightings, index, seeing);
  if (before !== undefined && isThere(before, seeing)) {
    const grows = before.toMs < ms && index < sightings.length - 1;
    before.toMs = ms;
    seeLast(before, seeing);
    return grows ? index : -1;
  }
  const after = sightings[index + 1];
  if (after !== undefined && isThere(after, seeing)) {
    after.fromMs = ms;
    after.mixed ||= after.first.device !== seeing.device;
    after.first = useOf(seeing);
    return index + 1;
  }
  return insert(sightings, index + 1, sightingOf(seeing));
}

function noteWithin(sightings: Sighting[], index: number, seeing: Seeing): number {
  const whole = sightings[index] as Sighting;
  if (isThere(whole, seeing)) {
    whole.mixed ||= whole.first.device !== seeing.device;
    return -1;
  }
  // The same person cannot have been here all the time: two stretches, whose inner ends nobody saw.
  const inner = (use: Use): Use => (whole.mixed ? { ...use, device: forgotten } : { ...use });
  const rest: Sighting = { ...whole, fromMs: seeing.ms, first: inner(whole.last) };
  whole.toMs = seeing.ms;
  whole.last = inner(whole.first);
  insert(sightings, index + 1, rest);
  return insert(sightings, sightings.indexOf(whole) + 1, sightingOf(seeing));
}

function seeLast(sighting: Sighting, seeing: Seeing): void {
  if (sighting.last.device === seeing.device && sighting.last.session === seeing.session) {
    // The usual case: no new object but the place of the event.
    (sighting.last as { at: Use['at'] }).at = placeOf(seeing.at);
    return;
  }
  sighting.mixed ||= sighting.first.device !== seeing.device;
  sighting.last = useOf(seeing);
}

function isThere(sighting: Sighting, { country, place }: Seeing): boolean {
  const { lat, lon, radiusKm } = place;
  return (
    sighting.country === country &&
    sighting.lat === lat &&
    sighting.lon === lon &&
    sighting.radiusKm === radiusKm
  );
}

function sightingOf(seeing: Seeing): Sighting {
  const { lat, lon, radiusKm } = seeing.place;
  return {
    fromMs: seeing.ms,
    toMs: seeing.ms,
    country: seeing.country,
    lat,
    lon,
    radiusKm,
    first: useOf(seeing),
    last: useOf(seeing),
    mixed: false,
  };
}

function useOf({ session, device, at }: Seeing): Use {
  return { session, device, at: placeOf(at) };
}

/** Where it stands then; -1 when it is older than all that can be kept. */
function insert(sightings: Sighting[], index: number, sighting: Sighting): number {
  if (index === sightings.length) sightings.push(sighting);
  else sightings.splice(index, 0, sighting);
  if (sightings.length <= stateLimits.sightings) return index;
  sightings.shift();
  return index - 1;
}
