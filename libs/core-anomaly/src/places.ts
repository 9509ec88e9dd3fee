// Where on earth a network is, as far as it is known, and how far apart two places are at least.
import type { Network } from '@sallyport/core-session';

/** A point and the radius of uncertainty around it, degrees and kilometres. */
export interface Place {
  readonly lat: number;
  readonly lon: number;
  readonly radiusKm: number;
}

/** By ISO 3166-1 alpha-2: a country's centre, and the radius around it that covers the country. */
export type CountryPlaces = ReadonlyMap<string, Place>;

const earthRadiusKm = 6371;
const radians = Math.PI / 180;

/** A network that hides where a person is, or is not a person's. */
export function hidesPlace(network: Network): boolean {
  const { kind } = network;
  return kind === 'hosting' || kind === 'vpn' || kind === 'tor' || isServer(network);
}

/** Where the person is: the network's own place, else its country's; undefined when nobody can tell. */
export function placeOfPerson(network: Network, countries: CountryPlaces): Place | undefined {
  if (network.country === null || hidesPlace(network)) return undefined;
  return network.place ?? countries.get(network.country);
}

/** A server-side client: its network says nothing about a person. */
export function isServer(network: Network): boolean {
  return network.server === true;
}

/** Great-circle distance less both radii of uncertainty, in kilometres, 0 at least. */
export function kmApart(a: Place, b: Place): number {
  const lat = Math.sin(((b.lat - a.lat) * radians) / 2);
  const lon = Math.sin(((b.lon - a.lon) * radians) / 2);
  const chord = lat * lat + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * lon * lon;
  const km = 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)));
  return Math.max(0, km - a.radiusKm - b.radiusKm);
}
