// What the records of network databases say, in the shapes that their makers use.
import type { GeoFacts, NetworkKind } from '@sallyport/engine';

/** What one file can tell of an address. */
export type Told = { readonly [member in keyof GeoFacts]?: NonNullable<GeoFacts[member]> };

type Members = Readonly<Record<string, unknown>>;

/** A grid so coarse that a place on it is no personal datum: 55 km from south to north. */
const gridPerDegree = 2;
/** Half a diagonal of the grid's fields at the equator, where they are largest. */
const gridKm = 40;
/** Databases that name no accuracy are right about the city, most of the time. */
const assumedAccuracyKm = 100;
/** MaxMind's mark for "the country is all that is known": the country's own circle is better then. */
const countryAccuracyKm = 1000;

/** GeoIP2 and GeoLite2 (`country.iso_code`), ip-location-db (`country_code`), IPinfo (`country`). */
export function countryOf(record: Members): Told | undefined {
  const { country, country_code: code = country } = record;
  const text = typeof code === 'object' ? members(code)['iso_code'] : code;
  if (typeof text !== 'string' || !/^[A-Za-z]{2}$/.test(text)) return undefined;
  return { country: text.toUpperCase() };
}

/** GeoIP2 and GeoLite2 City (`location`), ip-location-db (flat); with the country, if it is there. */
export function placeOf(record: Members): Told | undefined {
  const { latitude, longitude, accuracy_radius: accuracy = assumedAccuracyKm } = {
    ...record,
    ...members(record['location']),
  } as Members;
  const [lat, lon, accuracyKm] = [Number(latitude ?? NaN), Number(longitude ?? NaN), Number(accuracy)];
  const known = Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  if (!known || !(accuracyKm < countryAccuracyKm)) return countryOf(record);
  const onGrid = (degrees: number) => Math.round(degrees * gridPerDegree) / gridPerDegree;
  // In tens of kilometres: no more is known, and each digit is in every event.
  const radiusKm = Math.ceil((accuracyKm + gridKm) / 10) * 10;
  return { ...countryOf(record), place: { lat: onGrid(lat), lon: onGrid(lon), radiusKm } };
}

/** GeoLite2 ASN and ip-location-db (`autonomous_system_number`), IPinfo (`asn`, as `AS3303`). */
export function asnOf(record: Members): Told | undefined {
  const { asn: text, autonomous_system_number: number = text } = record;
  const asn = Number(String(number ?? '').replace(/^AS/i, '') || NaN);
  return Number.isInteger(asn) && asn > 0 && asn <= 0xffff_ffff ? { asn } : undefined;
}

/** GeoIP2 Anonymous IP. Proxies that are for rent count as VPNs. */
export function anonymityOf(record: Members): Told | undefined {
  const is = (...names: readonly string[]) => names.some((name) => record[name] === true);
  if (is('is_tor_exit_node')) return { kind: 'tor' };
  if (is('is_anonymous_vpn', 'is_public_proxy', 'is_residential_proxy')) return { kind: 'vpn' };
  if (is('is_hosting_provider')) return { kind: 'hosting' };
  return is('is_anonymous') ? { kind: 'vpn' } : undefined;
}

const connections: Readonly<Record<string, NetworkKind>> = {
  'cable/dsl': 'residential',
  dialup: 'residential',
  satellite: 'residential',
  residential: 'residential',
  cellular: 'mobile',
  hosting: 'hosting',
};

/** GeoIP2 Connection Type (`connection_type`), or `user_type` of GeoIP2 Enterprise. */
export function connectionOf(record: Members): Told | undefined {
  const { user_type: user, connection_type: connection = user } = { ...members(record['traits']), ...record };
  const kind = connections[String(connection).toLowerCase()];
  return kind === undefined ? undefined : { kind };
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
