// What every look-up of addresses must keep: one test per sentence of the port `GeoLookup`, in its order.
import { describe, expect, it } from '@jest/globals';
import { unknownNetwork } from '@sallyport/engine';
import type { GeoFacts, GeoLookup } from '@sallyport/engine';

/** Networks as CIDR, and what is known of each; a place is given exactly, with the accuracy of its source. */
export type KnownNetworks = Readonly<Record<string, GeoFacts>>;

export interface GeoLookupUnderTest {
  readonly geo: GeoLookup;
  /** Replaces the data that the look-up was opened on; `undefined` spoils them. */
  replace(known: KnownNetworks | undefined): void;
  close(): void;
}

const swiss: GeoFacts = { country: 'CH', asn: 3303, kind: 'mobile' };
const german: GeoFacts = { country: 'DE', asn: 24940, kind: 'hosting' };
const zurich = { lat: 47.3769, lon: 8.5417, radiusKm: 20 };
const known: KnownNetworks = {
  '85.0.0.0/13': swiss,
  '2a02:1200::/27': swiss,
  '88.198.0.0/16': german,
  '195.176.0.0/16': { country: 'CH', asn: 559, kind: 'residential', place: zurich },
  // Mistakes that databases have.
  '10.0.0.0/8': german,
  '127.0.0.0/8': german,
  '192.168.0.0/16': german,
  '2001:db8::/32': german,
  'fc00::/7': german,
};

export function describeGeoLookupContract(
  name: string,
  make: (known: KnownNetworks) => GeoLookupUnderTest,
): void {
  const withGeo = (test: (under: GeoLookupUnderTest) => void | Promise<void>) => async () => {
    const under = make(known);
    try {
      await test(under);
    } finally {
      under.close();
    }
  };

  describe(`${name} keeps the contract of GeoLookup`, () => {
    it(
      'finds what is known of an IPv4 or IPv6 address, and null and unknown where nothing is',
      withGeo(({ geo }) => {
        expect(geo.find('85.3.2.1')).toEqual(swiss);
        expect(geo.find('88.198.1.2')).toEqual(german);
        expect(geo.find('2a02:1210:4:5::6')).toEqual(swiss);
        expect(geo.find('5.5.5.5')).toEqual(unknownNetwork);
        expect(geo.find('2a03::1')).toEqual(unknownNetwork);
      }),
    );

    it(
      'puts a place on a grid of half a degree, with the way to the grid in its radius',
      withGeo(({ geo }) => {
        const { place } = geo.find('195.176.3.4');
        expect(place).toMatchObject({ lat: 47.5, lon: 8.5 });
        expect(place?.radiusKm).toBeGreaterThanOrEqual(zurich.radiusKm + 15);
        expect(place?.radiusKm).toBeLessThanOrEqual(100);
      }),
    );

    it(
      'takes an IPv4 address in IPv6 form for the IPv4 address',
      withGeo(({ geo }) => {
        for (const form of ['::ffff:85.3.2.1', '::FFFF:5503:201', '0:0:0:0:0:ffff:5503:0201']) {
          expect([form, geo.find(form)]).toEqual([form, swiss]);
        }
      }),
    );

    it.each(['', 'unknown', '85.3.2', '85.3.2.1:443', '[2a02:1210::1]', '85.3.2.1, 88.1.1.2', '2a02:1210:'])(
      'knows nothing of what is no address: "%s"',
      (text) => withGeo(({ geo }) => expect(geo.find(text)).toEqual(unknownNetwork))(),
    );

    it.each([
      '10.1.2.3',
      '127.0.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '169.254.1.1',
      '::1',
      'fe80::1%eth0',
      'fd00::1',
      '2001:db8::1',
      '::ffff:10.1.2.3',
    ])('knows nothing of addresses of special use, whatever the data say: %s', (text) =>
      withGeo(({ geo }) => expect(geo.find(text)).toEqual(unknownNetwork))(),
    );

    it(
      'answers a repeated address in less than a microsecond',
      withGeo(({ geo }) => {
        const addresses = ['85.3.2.1', '2a02:1210:4:5::6', '195.176.3.4', '127.0.0.1'];
        const perFind = Array.from({ length: 7 }, () => microsecondsOf(geo, addresses)).sort((a, b) => a - b);
        expect(perFind[0]).toBeLessThan(1);
      }),
    );

    it(
      'names the files it answers from',
      withGeo(({ geo }) => {
        const sources = geo.sources();
        expect(sources.length).toBeGreaterThan(0);
        for (const { name: what, file } of sources) expect([what, file]).toEqual([what, expect.any(String)]);
      }),
    );

    it(
      'reads changed files again, for addresses asked before too',
      withGeo(async ({ geo, replace }) => {
        expect(geo.find('85.3.2.1')).toEqual(swiss);
        expect(await geo.refresh()).toEqual([]);
        replace({ '85.0.0.0/13': german, '195.176.0.0/16': { ...german, place: zurich } });
        expect(await geo.refresh()).toEqual([]);
        expect(geo.find('85.3.2.1')).toEqual(german);
      }),
    );

    it(
      'keeps its answers when a changed file cannot be used, and says what is wrong with it',
      withGeo(async ({ geo, replace }) => {
        replace(undefined);
        expect(await geo.refresh()).not.toEqual([]);
        expect(geo.find('85.3.2.1')).toEqual(swiss);
      }),
    );
  });
}

function microsecondsOf(geo: GeoLookup, addresses: readonly string[]): number {
  const rounds = 5_000;
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round += 1) for (const address of addresses) geo.find(address);
  return ((performance.now() - startedAt) * 1000) / (rounds * addresses.length);
}
