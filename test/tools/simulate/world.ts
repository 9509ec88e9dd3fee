// The networks of a made-up world: homes, offices, carriers, hotels, exits of VPNs, data centres.
import { countryPlaces } from '@sallyport/adapter-geoip';
import type { Network } from '@sallyport/core-session';
import type { Random } from '../races/random.js';
import { seedOf } from '../races/random.js';
import { dayMs } from './act.js';

/** One address, before an account's or a day's key makes tags of it. */
export interface Spot {
  readonly address: string;
  readonly country: string;
  readonly asn: number;
  readonly kind: 'residential' | 'mobile' | 'hosting' | 'vpn';
}

/** Where the customers live, and how many of ten. */
const homes = ['CH', 'CH', 'DE', 'DE', 'FR', 'IT', 'GB', 'ES', 'PL', 'BR'] as const;
const destinations = 'ES IT FR GR PT GB DE AT TR US TH JP AE BR MA'.split(' ');
const farCountries = ['NG', 'RU', 'BR', 'VN', 'ID', 'IN', 'CN', 'UA', 'ZA', 'US', 'RO', 'PK'];
const exitCountries = ['NL', 'US', 'CH', 'DE', 'GB', 'SE', 'SG'];

/** Of addresses, how many geography does not know, or puts into a neighbouring country. */
const unknownShare = 0.014;
const misplacedShare = 0.003;
/** Of VPN exits, how many the lists know as such; half of the others look like anybody's. */
const listedShare = 0.85;
/** Accounts behind one address of a carrier. */
const perCarrierAddress = 300;

export class World {
  constructor(
    readonly seed: number,
    readonly accounts: number,
    /** Without the lists and the ASN file that operators bring: only countries are known. */
    readonly countriesOnly: boolean,
  ) {}

  homeCountry(random: Random): string {
    return random.pick(homes);
  }

  destination(random: Random, home: string): string {
    return random.pick(destinations.filter((country) => country !== home));
  }

  farCountry(random: Random, home: string): string {
    return random.pick(farCountries.filter((country) => country !== home));
  }

  home(country: string, household: string): Spot {
    const asn = asnOf(country, 1 + (this.hash(household) % 3));
    return { address: `home-${household}`, country, asn, kind: 'residential' };
  }

  /** The address that a carrier's network address translation shows this time. */
  mobile(country: string, carrier: number, random: Random): Spot {
    const pool = 1 + Math.ceil(this.accounts / perCarrierAddress);
    const address = `nat-${country}-${carrier}-${random.below(pool)}`;
    return { address, country, asn: asnOf(country, 10 + carrier), kind: 'mobile' };
  }

  office(country: string, number: number): Spot {
    const asn = asnOf(country, 5);
    return { address: `office-${country}-${number}`, country, asn, kind: 'residential' };
  }

  /** A hotel, a café, or the home of somebody whose machine is for rent. */
  elsewhere(country: string, random: Random): Spot {
    const address = `place-${country}-${random.below(1_000_000)}`;
    return { address, country, asn: asnOf(country, 1 + random.below(3)), kind: 'residential' };
  }

  vpn(country: string, random: Random): Spot {
    const address = `vpn-${country}-${random.below(40)}`;
    const draw = this.share(address);
    const kind = draw < listedShare ? 'vpn' : draw < (1 + listedShare) / 2 ? 'hosting' : 'residential';
    return { address, country, asn: 9009 + random.below(3), kind };
  }

  exitCountry(random: Random): string {
    return random.pick(exitCountries);
  }

  hosting(country: string, random: Random): Spot {
    const address = `host-${country}-${random.below(100_000)}`;
    const kind = this.share(address) < 0.95 ? 'hosting' : 'residential';
    return { address, country, asn: 16_276 + random.below(5), kind };
  }

  /** The network as the account's events of that day show it. */
  seen(spot: Spot, account: string | null, ms: number): Network {
    const { address, asn, kind } = spot;
    const tags = { ipTag: `${account ?? '*'}:${address}`, dayTag: `${address}:${Math.floor(ms / dayMs)}` };
    const country = this.seenCountry(spot);
    if (this.countriesOnly) return { country, asn: null, kind: 'unknown', ...tags };
    return { country, asn, kind, ...tags };
  }

  private seenCountry({ address, country }: Spot): string | null {
    const draw = this.share(`geo ${address}`);
    if (draw < unknownShare) return null;
    return draw < unknownShare + misplacedShare ? neighbourOf(country) : country;
  }

  private share(text: string): number {
    return (this.hash(text) % 100_000) / 100_000;
  }

  private hash(text: string): number {
    const mixed = Math.imul(seedOf(this.seed, text), 0x9e3779b1) >>> 0;
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}

/** Kilometres between the middles of two countries. */
export function kmBetween(from: string, to: string): number {
  const [a, b] = [countryPlaces.get(from), countryPlaces.get(to)];
  if (a === undefined || b === undefined) return 5000;
  const radians = Math.PI / 180;
  const cosine =
    Math.sin(a.lat * radians) * Math.sin(b.lat * radians) +
    Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * Math.cos((a.lon - b.lon) * radians);
  return 6371 * Math.acos(Math.min(1, Math.max(-1, cosine)));
}

function asnOf(country: string, number: number): number {
  return 20_000 + (country.charCodeAt(0) * 26 + country.charCodeAt(1)) * 20 + number;
}

const neighbours: Readonly<Record<string, string>> = {
  CH: 'DE',
  DE: 'AT',
  FR: 'BE',
  IT: 'SI',
  GB: 'IE',
  ES: 'PT',
  PL: 'CZ',
  BR: 'AR',
};

function neighbourOf(country: string): string {
  return neighbours[country] ?? country;
}
