// Real addresses for the places of the made-up world: each in its country, as the shipped database knows it.
import { GeoFiles } from '@sallyport/adapter-geoip';
import { Random, seedOf } from '../../races/random.js';

/** TEST-NET-1 (RFC 5737): nobody's, and of no country. */
const ofNoCountry = '192.0.2.';
/** The smallest of our countries has one address in ten thousand; one that has none ends the search. */
const maxTries = 2_000_000;

export class Addresses {
  private readonly geo: GeoFiles;
  private readonly known = new Map<string, string>();

  constructor(private readonly seed: number) {
    const { geo, faults } = GeoFiles.open();
    if (geo === undefined) throw new Error(`no countries of addresses: ${faults[0]?.fault}`);
    this.geo = geo;
  }

  /** Always the same for one place. `country`: as the service is to see it, null for an unknown one. */
  of(place: string, country: string | null): string {
    const key = `${place} ${country}`;
    let address = this.known.get(key);
    if (address === undefined) this.known.set(key, (address = this.find(key, country)));
    return address;
  }

  private find(key: string, country: string | null): string {
    const random = new Random(seedOf(this.seed, 'address', key));
    if (country === null) return `${ofNoCountry}${1 + random.below(254)}`;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const parts = [1 + random.below(222), random.below(256), random.below(256), 1 + random.below(254)];
      const address = parts.join('.');
      if (this.geo.find(address).country === country) return address;
    }
    throw new Error(`no address in ${country} was found`);
  }
}
