// Look-ups in real files: the shipped one, small ones as operators bring them, and ones that are wrong.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { GeoFacts } from '@sallyport/engine';
import { describeGeoLookupContract, mmdbFile } from '@sallyport/testing';
import type { KnownNetworks, MmdbNetworks, MmdbValue } from '@sallyport/testing';
import { countryPlaces, GeoFiles, shippedCountryFile } from './index.js';
import type { GeoPaths } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-geo-'));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
/** A new file with these bytes. */
function file(bytes: Buffer | string): string {
  written += 1;
  const path = join(folder, `${written}`);
  writeFileSync(path, bytes);
  return path;
}

function open(paths: GeoPaths): GeoFiles {
  const opened = GeoFiles.open(paths);
  if (opened.faults !== undefined) throw new Error(JSON.stringify(opened.faults));
  return opened.geo;
}

/** A member of each record, in a file of its own. */
function only(known: KnownNetworks, value: (facts: GeoFacts) => MmdbValue | undefined): Buffer {
  const records = Object.entries(known).map(([cidr, facts]) => [cidr, value(facts)] as const);
  return mmdbFile(Object.fromEntries(records.filter(([, one]) => one !== undefined)) as MmdbNetworks);
}

const cities = (known: KnownNetworks) => {
  return only(known, ({ place }) => {
    if (place === undefined) return undefined;
    return { location: { latitude: place.lat, longitude: place.lon, accuracy_radius: place.radiusKm } };
  });
};
const connectionTypes: Readonly<Record<string, string>> = { mobile: 'Cellular', residential: 'Cable/DSL' };

type Named = 'country' | 'city' | 'asn' | 'connection' | 'hosting';

function filesOf(known: KnownNetworks): Record<Named, Buffer> {
  return {
    country: only(known, ({ country }) => ({ country: { iso_code: country ?? '' } })),
    city: cities(known),
    asn: only(known, ({ asn }) => ({ autonomous_system_number: asn ?? 0 })),
    connection: only(known, ({ kind }) => ({ connection_type: connectionTypes[kind] ?? 'Corporate' })),
    hosting: only(known, ({ kind }) => (kind === 'hosting' ? { any: true } : undefined)),
  };
}

describeGeoLookupContract('GeoFiles', (known) => {
  const files = Object.entries(filesOf(known)).map(([name, bytes]) => [name, file(bytes)] as const);
  const paths = Object.fromEntries(files);
  let later = Date.now() / 1000;
  return {
    geo: open(paths),
    replace: (next) => {
      later += 60;
      for (const [name, path] of Object.entries(paths)) {
        const spoiled = Buffer.from('no database');
        // A file without the networks of its kind is a mistake too: connections stay as they were.
        if (name === 'connection' && next !== undefined) continue;
        writeFileSync(path, next === undefined ? spoiled : filesOf(next)[name as Named]);
        utimesSync(path, later, later);
      }
    },
    close: () => undefined,
  };
});

describe('the shipped country database', () => {
  const geo = open({});

  it.each([
    ['8.8.8.8', 'US'],
    ['195.176.0.1', 'CH'],
    ['5.1.0.1', 'UA'],
    ['2001:4860:4860::8888', 'US'],
    ['2a02:1210::1', 'CH'],
  ])('knows %s to be in %s, and nothing else of it', (address, country) => {
    expect(geo.find(address)).toEqual({ country, asn: null, kind: 'unknown' });
  });

  it('gives no country to addresses of special use, though it has one for some', () => {
    for (const address of ['192.168.1.1', '2001:db8::1', '127.0.0.1', '::1']) {
      expect(geo.find(address).country).toBeNull();
    }
  });

  it('gives countries whose place is known, to nearly every address', () => {
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) % 224;
    const made = Array.from({ length: 5_000 }, () => [random(), random(), random(), random()].join('.'));
    const addresses = made.filter((address) => !/^(0|10|100|127|169\.254|172|192|198|203)\./.test(address));
    const found = addresses.map((address) => geo.find(address).country).filter((country) => country !== null);
    expect(found.length / addresses.length).toBeGreaterThan(0.95);
    for (const country of found) expect(countryPlaces.has(country)).toBe(true);
  });

  it('says when its data were made', () => {
    expect(geo.sources()).toEqual([
      { name: 'country', file: shippedCountryFile(), builtAtMs: expect.any(Number) },
    ]);
  });
});

describe('files that operators bring', () => {
  const at = (records: MmdbNetworks) => file(mmdbFile(records));

  it('may have the members of MaxMind, of ip-location-db or of IPinfo', () => {
    const nested = { country: { iso_code: 'SE' } };
    const countries: MmdbValue[] = [nested, { country_code: 'SE' }, { country: 'SE' }];
    for (const record of countries) {
      expect(open({ country: at({ '81.0.0.0/8': record }) }).find('81.2.3.4').country).toBe('SE');
    }
    const numbers: MmdbValue[] = [{ autonomous_system_number: 3301 }, { asn: 'AS3301' }];
    for (const record of numbers) {
      expect(open({ asn: at({ '81.0.0.0/8': record }) }).find('81.2.3.4').asn).toBe(3301);
    }
    const flat = { country_code: 'SE', latitude: 59.33, longitude: 18.07 };
    const { country, place } = open({ city: at({ '81.0.0.0/8': flat }) }).find('81.2.3.4');
    expect([country, place]).toEqual(['SE', { lat: 59.5, lon: 18, radiusKm: 140 }]);
  });

  it('name the country by the city database where it knows one', () => {
    const record = { country: { iso_code: 'SE' }, location: { latitude: 59.3, longitude: 18.1 } };
    const geo = open({ city: at({ '8.8.8.0/24': record }) });
    expect([geo.find('8.8.8.8').country, geo.find('8.8.4.4').country]).toEqual(['SE', 'US']);
  });

  it('give no place where the database knows the country only', () => {
    const vague = { location: { latitude: 62, longitude: 15, accuracy_radius: 1000 } };
    const exact = { location: { latitude: 62, longitude: 15, accuracy_radius: 5 } };
    const geo = open({ city: at({ '81.0.0.0/8': vague, '82.0.0.0/8': exact }) });
    expect(geo.find('81.2.3.4').place).toBeUndefined();
    expect(geo.find('82.2.3.4').place).toEqual({ lat: 62, lon: 15, radiusKm: 50 });
  });

  it.each([
    [{ is_tor_exit_node: true, is_anonymous_vpn: true }, 'tor'],
    [{ is_anonymous_vpn: true, is_hosting_provider: true }, 'vpn'],
    [{ is_residential_proxy: true }, 'vpn'],
    [{ is_hosting_provider: true }, 'hosting'],
    [{ is_anonymous: true }, 'vpn'],
  ] as const)('tell the kind by what MaxMind says of anonymity: %o', (record, kind) => {
    expect(open({ anonymous: at({ '81.0.0.0/8': record }) }).find('81.2.3.4').kind).toBe(kind);
  });

  it('may be lists of addresses and CIDR ranges, with comments; the gravest kind counts', () => {
    const lists = {
      hosting: file('# data centres\r\n81.0.0.0/8\r\n2a01:4f8::/32 ; one\r\n'),
      vpn: file('81.2.0.0/16\n81.1.0.0/16\n\n::ffff:82.0.0.0/104\n'),
      tor: file('81.2.3.4\n'),
    };
    const geo = open(lists);
    const kinds = ['81.9.9.9', '81.2.9.9', '81.2.3.4', '2a01:4f8::1', '82.1.1.1', '83.1.1.1'];
    expect(kinds.map((address) => geo.find(address).kind)).toEqual([
      'hosting',
      'vpn',
      'tor',
      'hosting',
      'vpn',
      'unknown',
    ]);
  });

  it('are asked of a new address in less than 50 microseconds, though one lists 50,000 ranges', () => {
    const rangeOf = (n: number) => `${20 + (n >> 12)}.${(n >> 4) & 255}.${(n & 15) * 16}.0/28`;
    const ranges = Array.from({ length: 50_000 }, (_, n) => rangeOf(n));
    const geo = open({ vpn: file(ranges.join('\n')) });
    const fresh = (round: number, n: number) => `${20 + round}.${n >> 8}.${n & 255}.5`;
    const rounds = Array.from({ length: 7 }, (_, round) => {
      const addresses = Array.from({ length: 2_000 }, (__, n) => fresh(round, n));
      const startedAt = performance.now();
      for (const address of addresses) geo.find(address);
      return ((performance.now() - startedAt) * 1000) / addresses.length;
    });
    expect(Math.min(...rounds)).toBeLessThan(50);
  });
});

describe('files that cannot be used', () => {
  const faultsOf = (paths: GeoPaths) => {
    return GeoFiles.open(paths).faults?.map(({ name, fault }) => `${name} ${fault}`);
  };
  const shipped = dirname(shippedCountryFile());

  it('are those for IPv4 only, which answer for IPv6 with a wrong country, and those for IPv6 only', () => {
    expect(faultsOf({ country: join(shipped, 'geo-whois-asn-country-ipv4.mmdb') })).toEqual([
      expect.stringMatching(/^country knows IPv4 only/),
    ]);
    const networks = { '81.0.0.0/8': { country_code: 'SE' } };
    expect(faultsOf({ vpn: file(mmdbFile(networks, { ipVersion: 4 })) })).toEqual([
      expect.stringMatching(/^vpn knows IPv4 only/),
    ]);
    expect(faultsOf({ country: join(shipped, 'geo-whois-asn-country-ipv6.mmdb') })).toEqual([
      'country knows no IPv4 network',
    ]);
  });

  it('are those of another kind, damaged, with other lines, or not there: all told at once', () => {
    const countries = file(mmdbFile({ '81.0.0.0/8': { country_code: 'SE' } }));
    const damaged = file(mmdbFile({ '81.0.0.0/8': { country_code: 'SE' } }).subarray(0, -40));
    const faults = faultsOf({
      country: file('text'),
      city: countries,
      asn: countries,
      anonymous: '/nowhere/at-all',
      connection: damaged,
      vpn: file('81.0.0.0/8\nexample.org\n81.0.0.0/33\n1.2.3\n\n1.2.3.4/x # no\n'),
    });
    expect(faults).toEqual([
      'country is no MaxMind DB file (.mmdb)',
      'city is another kind of database: its first 1 records have no latitude and longitude',
      'asn is another kind of database: its first 1 records have no autonomous_system_number',
      'anonymous cannot be read (ENOENT)',
      expect.stringMatching(/^connection cannot be read as a MaxMind DB file: /),
      'vpn is no list of addresses and CIDR ranges, one a line: look at line 2, line 3, line 4 and 1 more',
    ]);
  });
});
