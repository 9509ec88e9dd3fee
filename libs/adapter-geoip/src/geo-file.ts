// Opens one file of network data: a MaxMind DB, or a list of ranges where the file is about one kind.
import { Reader } from 'maxmind';
import type { Response } from 'maxmind';
import { addressOf, parseAddress } from './addresses.js';
import type { Address } from './addresses.js';
import { parseRanges, RangeSet } from './range-set.js';
import { anonymityOf, asnOf, connectionOf, countryOf, placeOf } from './records.js';
import type { Told } from './records.js';

/** In the order they are asked: of a country, the last that knows one counts. */
export const geoFileNames = [
  'country',
  'city',
  'asn',
  'anonymous',
  'connection',
  'hosting',
  'vpn',
  'tor',
] as const;
export type GeoFileName = (typeof geoFileNames)[number];

export interface GeoFile {
  readonly builtAtMs?: number;
  tell(address: Address): Told | undefined;
}

type Members = Readonly<Record<string, unknown>>;

/** How records of a file are read, and what a file of another kind lacks. */
const readings = {
  country: { read: countryOf, wanted: 'country' },
  city: { read: placeOf, wanted: 'latitude and longitude' },
  asn: { read: asnOf, wanted: 'autonomous_system_number' },
  anonymous: { read: anonymityOf, wanted: 'is_anonymous_vpn and its like' },
  connection: { read: connectionOf, wanted: 'connection_type' },
  // Whatever such a file says of a network: that it is in there is the message.
  hosting: { read: () => ({ kind: 'hosting' }), wanted: 'networks' },
  vpn: { read: () => ({ kind: 'vpn' }), wanted: 'networks' },
  tor: { read: () => ({ kind: 'tor' }), wanted: 'networks' },
} as const satisfies Record<GeoFileName, { read: (record: Members) => Told | undefined; wanted: string }>;

const listed: readonly GeoFileName[] = ['hosting', 'vpn', 'tor'];
const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
/** Where a check begins, and how far it goes, until it has found records to judge the file by. */
const checkFrom = ['0.0.0.0', '2000::'];
const maxChecked = 200;
const maxSteps = 5_000;

/** Reads the bytes of a file. Throws an `Error` whose message goes on from the file's name. */
export function openGeoFile(name: GeoFileName, bytes: Buffer): GeoFile {
  if (bytes.lastIndexOf(marker) >= 0) return openDatabase(name, bytes);
  if (!listed.includes(name)) throw new Error('is no MaxMind DB file (.mmdb)');
  const ranges = new RangeSet(parseRanges(bytes.toString()));
  const told = readings[name].read({});
  return { tell: (address) => (ranges.has(address) ? told : undefined) };
}

function openDatabase(name: GeoFileName, bytes: Buffer): GeoFile {
  const reader = read(bytes);
  const { ipVersion, buildEpoch } = reader.metadata;
  // Such a file answers for an IPv6 address what it knows of an IPv4 address with the same first bits.
  if (ipVersion !== 6) {
    throw new Error('knows IPv4 only and would give IPv6 addresses wrong answers: take the file for both');
  }
  const found = { 4: sample(reader, checkFrom[0]), 6: sample(reader, checkFrom[1]) };
  if (!listed.includes(name) && found[4].length === 0) throw new Error('knows no IPv4 network');
  const { read: told, wanted } = readings[name];
  const records = [...found[4], ...found[6]];
  // A country is in many kinds of records: of a city file a place is wanted.
  const fits = (said: Told | undefined) => (name === 'city' ? said?.place : said) !== undefined;
  if (!records.some((record) => fits(told(record as Members)))) {
    throw new Error(`is another kind of database: its first ${records.length} records have no ${wanted}`);
  }
  return {
    builtAtMs: buildEpoch.getTime(),
    tell: (address) => {
      const record = reader.get(address.text);
      return record === null ? undefined : told(record as Members);
    },
  };
}

function read(bytes: Buffer): Reader<Response> {
  try {
    return new Reader<Response>(bytes);
  } catch (error) {
    throw new Error(`cannot be read as a MaxMind DB file: ${(error as Error).message}`, { cause: error });
  }
}

/** The first records of a family, walked network by network. */
function sample(reader: Reader<Response>, from = ''): Response[] {
  const records: Response[] = [];
  let address = parseAddress(from);
  for (let step = 0; address !== undefined && step < maxSteps && records.length < maxChecked; step += 1) {
    const [record, prefix] = reader.getWithPrefixLength(address.text);
    if (record !== null) records.push(record);
    address = after(address, prefix);
  }
  return records;
}

/** The first address after the network of this prefix; undefined at the end of the family. */
function after({ family, value }: Address, prefix: number): Address | undefined {
  const bits = family === 4 ? 32n : 128n;
  const size = 1n << (bits - BigInt(prefix));
  const next = (value / size + 1n) * size;
  return next < 1n << bits ? addressOf(family, next) : undefined;
}
