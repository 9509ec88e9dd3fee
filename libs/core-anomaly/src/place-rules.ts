// Rules on where an account is used from: travel, countries, kinds of network, two places at once.
import type { Network } from '@sallyport/core-session';
import { hidesPlace, isServer, kmApart, placeOfPerson } from './places.js';
import { isHollow, noteSighting } from './sightings.js';
import { dropStalest, stateLimits } from './state.js';
import type { Seen, Sighting, Use } from './state.js';
import { isNewDevice, isoTime, looks, report } from './watch.js';
import type { Watch } from './watch.js';

/** A use of the account by somebody who proved that they may. */
export interface Usage {
  readonly ms: number;
  readonly session: string;
  readonly device: string;
  readonly network: Network;
}

const hidingKinds: readonly string[] = ['hosting', 'vpn', 'tor'];

/** Takes a use in and judges it. What is unknown is nowhere: it neither counts nor fires. */
export function judgePlace(watch: Watch, usage: Usage): void {
  const { network } = usage;
  if (isServer(network)) return;
  if (network.kind !== 'unknown') judgeKind(watch, usage);
  if (network.country === null || hidesPlace(network)) return;
  judgeCountry(watch, usage, network.country);
  const place = placeOfPerson(network, watch.context.countryPlaces);
  if (place === undefined) return;
  const { sightings } = watch.state;
  const { ms, session, device } = usage;
  const seeing = { ms, country: network.country, place, session, device, at: watch.event };
  const index = noteSighting(sightings, seeing);
  if (index >= 0) judgeNeighbours(watch, index);
}

/** Compares a stretch with those before and after it, and across those that perhaps never were. */
function judgeNeighbours(watch: Watch, index: number): void {
  const { sightings } = watch.state;
  const here = sightings[index] as Sighting;
  for (let n = index - 1; n >= 0; n -= 1) {
    const earlier = sightings[n] as Sighting;
    judgePair(watch, earlier, here);
    if (!isHollow(earlier)) break;
  }
  for (let n = index + 1; n < sightings.length; n += 1) {
    const later = sightings[n] as Sighting;
    judgePair(watch, here, later);
    if (!isHollow(later)) break;
  }
}

function judgeKind(watch: Watch, usage: Usage): void {
  const { kinds } = watch.state;
  if (!noteSeen(watch, kinds, { value: usage.network.kind, usage, limit: stateLimits.kinds })) return;
  tellNew(kinds, (seen) => {
    if (!hidingKinds.includes(seen.value)) return;
    const evidence = { kind: seen.value, usual: usualOf(kinds, seen) };
    report(watch, 'new_network_kind', { ...aboutSeen(watch, seen), evidence });
  });
}

function judgeCountry(watch: Watch, usage: Usage, country: string): void {
  const { countries } = watch.state;
  if (!noteSeen(watch, countries, { value: country, usage, limit: stateLimits.countries })) return;
  tellNew(countries, (seen) => {
    const evidence = { country: seen.value, usual: usualOf(countries, seen) };
    report(watch, 'new_country', { ...aboutSeen(watch, seen), country: seen.value, evidence });
  });
}

/** Notes the value; whether its first time, or the list, has changed. */
function noteSeen(
  { event }: Watch,
  list: Seen[],
  { value, usage, limit }: { readonly value: string; readonly usage: Usage; readonly limit: number },
): boolean {
  const { ms } = usage;
  for (const seen of list) {
    if (seen.value !== value) continue;
    if (ms > seen.lastMs) seen.lastMs = ms;
    if (ms >= seen.firstMs) return false;
    seen.firstMs = ms;
    seen.first = useOf(usage, event);
    return true;
  }
  const first = useOf(usage, event);
  list.push({ value, firstMs: ms, lastMs: ms, first, told: false, confirmed: false });
  dropStalest(list, limit);
  return true;
}

/** Speaks of each value that was not the first one of all, once. */
function tellNew(list: readonly Seen[], tell: (seen: Seen) => void): void {
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const seen of list) if (seen.firstMs < earliestMs) earliestMs = seen.firstMs;
  for (const seen of list) {
    if (seen.told || seen.firstMs <= earliestMs) continue;
    seen.told = true;
    tell(seen);
  }
}

function aboutSeen({ event }: Watch, { value, firstMs, first }: Seen) {
  const cites = first.at.position === event.position ? [] : [first.at];
  return { about: value, atMs: firstMs, session: first.session, device: first.device, cites };
}

function usualOf(list: readonly Seen[], besides: Seen): string {
  return list
    .filter((seen) => seen !== besides && seen.firstMs < besides.firstMs)
    .map((seen) => seen.value)
    .join(' ');
}

/** Compares two stretches of which none that is known stands between. */
function judgePair(watch: Watch, earlier: Sighting, later: Sighting): void {
  if (isSamePlace(earlier, later)) return;
  const km = kmApart(earlier, later);
  const gapMs = Math.max(0, later.fromMs - earlier.toMs);
  if (looks(watch, 'impossible_travel')) judgeTravel(watch, { earlier, later, km, gapMs });
  if (looks(watch, 'concurrent_countries')) judgeConcurrence(watch, { earlier, later, km, gapMs });
}

interface Pair {
  readonly earlier: Sighting;
  readonly later: Sighting;
  readonly km: number;
  readonly gapMs: number;
}

function judgeTravel(watch: Watch, pair: Pair): void {
  const { minKm, minKmh } = watch.context.set.config.rules.impossible_travel;
  const { earlier, later, km, gapMs } = pair;
  const kmh = (km * 3_600_000) / Math.max(gapMs, 1000);
  if (km < minKm || kmh < minKmh) return;
  const suspect = suspectOf(watch, pair);
  const isUsual =
    isConfirmed(watch, earlier.country) &&
    isConfirmed(watch, later.country) &&
    !isNewDevice(watch, suspect.device, later.fromMs);
  const evidence = { ...pairEvidence(watch, pair), speedKmh: Math.round(kmh), minKm, minKmh };
  const atMost = isUsual ? { atMost: 'flag' as const } : {};
  report(watch, 'impossible_travel', { ...aboutPair(watch, pair), evidence, ...atMost });
}

function judgeConcurrence(watch: Watch, pair: Pair): void {
  const { windowSeconds, minKm } = watch.context.set.config.rules.concurrent_countries;
  const { earlier, later, km, gapMs } = pair;
  if (earlier.country === later.country || gapMs > windowSeconds * 1000 || km < minKm) return;
  if (later.device === earlier.device) return;
  const gapSeconds = Math.round(gapMs / 1000);
  const evidence = { ...pairEvidence(watch, pair), gapSeconds, windowSeconds, minKm };
  report(watch, 'concurrent_countries', { ...aboutPair(watch, pair), evidence });
}

function aboutPair(watch: Watch, pair: Pair) {
  const { session, device, country } = suspectOf(watch, pair);
  const { earlier, later } = pair;
  const others = [earlier.lastAt, later.firstAt].filter(({ position }) => position !== watch.event.position);
  const whose = { session, device, country, cites: others };
  // No use in it is known: it may have been at any time up to its end, and is told of beside what was.
  if (isHollow(later)) return { about: `${session} between`, atMs: later.toMs, ...whose };
  return { about: session, atMs: later.firstMs, ...whose };
}

function pairEvidence(watch: Watch, pair: Pair) {
  const { earlier, later, km } = pair;
  return {
    country: later.country,
    previousCountry: earlier.country,
    previousAt: isoTime(earlier.toMs),
    distanceKm: Math.round(km),
    newDevice: isNewDevice(watch, suspectOf(watch, pair).device, later.fromMs),
  };
}

/** Of two uses that cannot both be the same person's, the one on the device that is known less long. */
function suspectOf({ state }: Watch, { earlier, later }: Pair): Sighting {
  const firstMs = ({ device }: Sighting): number =>
    state.devices.find((known) => known.device === device)?.firstMs ?? Number.NEGATIVE_INFINITY;
  return firstMs(earlier) > firstMs(later) ? earlier : later;
}

function isConfirmed({ state }: Watch, country: string): boolean {
  return state.countries.some((seen) => seen.value === country && seen.confirmed);
}

function isSamePlace(a: Sighting, b: Sighting): boolean {
  return a.lat === b.lat && a.lon === b.lon;
}

function useOf({ session, device }: Usage, { position, stream, revision }: Watch['event']): Use {
  return { session, device, at: { position, stream, revision } };
}
