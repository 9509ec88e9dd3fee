// The settings that name files of network data: name, default in words, meaning; and how they are read.
import { geoFileNames, type GeoFileName } from './geo-file.js';
import { GeoFiles, type GeoPaths } from './geo-files.js';

export const geoSettings = [
  ['SALLYPORT_GEO_COUNTRY_FILE', 'the shipped one', 'Country of addresses: a MaxMind DB for IPv4 and IPv6.'],
  ['SALLYPORT_GEO_CITY_FILE', '', 'Their places, on a coarse grid: a MaxMind DB such as GeoLite2 City.'],
  ['SALLYPORT_GEO_ASN_FILE', '', 'Their networks: a MaxMind DB such as GeoLite2 ASN.'],
  ['SALLYPORT_GEO_ANONYMOUS_FILE', '', 'Hosting, VPN and Tor: a MaxMind DB such as GeoIP2 Anonymous IP.'],
  ['SALLYPORT_GEO_CONNECTION_FILE', '', 'Mobile, residential: a MaxMind DB such as GeoIP2 Connection Type.'],
  ['SALLYPORT_GEO_HOSTING_FILE', '', 'Data centres: a MaxMind DB, or a list of CIDR ranges, one a line.'],
  ['SALLYPORT_GEO_VPN_FILE', '', 'VPNs: the same.'],
  ['SALLYPORT_GEO_TOR_FILE', '', 'Tor exits: the same.'],
] as const;

export type GeoSetting = (typeof geoSettings)[number][0];

/** Paths by what the files tell, each opened once to see that it is what it should be; and every mistake. */
export function readGeoPaths(textOf: (name: GeoSetting) => string | undefined): {
  readonly paths: GeoPaths;
  readonly mistakes: readonly string[];
} {
  const upper = (name: GeoFileName) => name.toUpperCase() as Uppercase<GeoFileName>;
  const setting = (name: GeoFileName) => `SALLYPORT_GEO_${upper(name)}_FILE` as const;
  const given = geoFileNames.map((name) => [name, textOf(setting(name))] as const);
  const paths: GeoPaths = Object.fromEntries(given.filter(([, path]) => path !== undefined));
  const { faults = [] } = GeoFiles.open(paths);
  return {
    paths,
    mistakes: faults.map(({ name, file, fault }) => `${setting(name)}: ${file} ${fault}.`),
  };
}
