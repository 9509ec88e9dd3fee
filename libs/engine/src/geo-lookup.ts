// The port to what is known of network addresses: country, operator's number, kind, and a coarse place.

/** What can be told of a network: who runs it, and for whom. */
export const networkKinds = ['residential', 'mobile', 'hosting', 'vpn', 'tor', 'unknown'] as const;
export type NetworkKind = (typeof networkKinds)[number];

export interface GeoFacts {
  /** ISO 3166-1 alpha-2 (or XK), upper case; null when unknown. */
  readonly country: string | null;
  /** Number of the autonomous system that announces the address; null when unknown. */
  readonly asn: number | null;
  readonly kind: NetworkKind;
  /**
   * Degrees on a grid of half a degree. Whoever has the address is within `radiusKm` of it, as far as the
   * data know; the way to the grid is in the radius.
   */
  readonly place?: { readonly lat: number; readonly lon: number; readonly radiusKm: number };
}

/** A file of data that answers come from. */
export interface GeoSource {
  /** What it is asked for, such as `country` or `vpn`. */
  readonly name: string;
  readonly file: string;
  /** When its data were made, milliseconds since the epoch, as far as the file says. */
  readonly builtAtMs?: number;
}

export const unknownNetwork: GeoFacts = Object.freeze({ country: null, asn: null, kind: 'unknown' });

export abstract class GeoLookup {
  /**
   * What is known of an IPv4 or IPv6 address (an IPv4 address in IPv6 form is the IPv4 address). Nothing is
   * known of what is no address, and of loopback, private and other addresses of special use, whatever the
   * data say. Never throws. Meant for every request: a repeated address costs less than a microsecond.
   */
  abstract find(address: string): GeoFacts;

  /** The files the answers come from, in the order in which they are asked. */
  abstract sources(): readonly GeoSource[];

  /**
   * Reads files again that were changed, all or none: a file that cannot be used leaves the answers as they
   * are. Resolves with what is wrong, one sentence each; never rejects.
   */
  abstract refresh(): Promise<readonly string[]>;
}
