// Answers from files: the country database that is shipped, and what an operator adds or puts in its place.
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { BoundedCache, GeoLookup, unknownNetwork } from '@sallyport/engine';
import type { GeoFacts, GeoSource, NetworkKind } from '@sallyport/engine';
import { parseAddress } from './addresses.js';
import { geoFileNames, openGeoFile } from './geo-file.js';
import type { GeoFile, GeoFileName } from './geo-file.js';
import type { Told } from './records.js';
import { specialAddresses } from './special-addresses.js';

/** Paths by what the file tells; without `country` the shipped database is taken. */
export type GeoPaths = { readonly [name in GeoFileName]?: string };

/** Why a file cannot be used; `fault` goes on from the file's name. */
export interface GeoFault {
  readonly name: GeoFileName;
  readonly file: string;
  readonly fault: string;
}

interface OpenFile extends GeoFile {
  readonly name: GeoFileName;
  readonly file: string;
  /** Tells one version of the file from another. */
  readonly version: string;
}

const cachedAddresses = 50_000;
/** Of two kinds that files tell, the one that says more about who can be behind it. */
const kindsByWeight: readonly NetworkKind[] = ['tor', 'vpn', 'hosting', 'mobile', 'residential', 'unknown'];

/** Where the country database that comes with the dependencies lies; it holds both address families. */
export function shippedCountryFile(): string {
  const path = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';
  return createRequire(import.meta.url).resolve(path);
}

/** The look-up, or all that is wrong with the files. */
export type GeoFilesOpened =
  | { readonly geo: GeoFiles; readonly faults?: undefined }
  | { readonly geo?: undefined; readonly faults: readonly GeoFault[] };

/** Look-ups in files, each held in memory as a whole. */
export class GeoFiles extends GeoLookup {
  #files: readonly OpenFile[];
  #cache = new BoundedCache<GeoFacts>(cachedAddresses);

  private constructor(files: readonly OpenFile[]) {
    super();
    this.#files = files;
  }

  /** Reads and checks all files. */
  static open(paths: GeoPaths = {}): GeoFilesOpened {
    const opened = named(paths).map(({ name, file }) => {
      return opening(name, file, () => {
        const { mtimeMs, size } = statSync(file);
        return { bytes: readFileSync(file), version: `${mtimeMs} ${size}` };
      });
    });
    const faults = opened.filter((one) => 'fault' in one);
    return faults.length > 0 ? { faults } : { geo: new GeoFiles(opened as readonly OpenFile[]) };
  }

  find(address: string): GeoFacts {
    const known = this.#cache.get(address);
    if (known !== undefined) return known;
    const facts = this.#ask(address);
    this.#cache.set(address, facts);
    return facts;
  }

  sources(): readonly GeoSource[] {
    return this.#files.map(({ name, file, builtAtMs }) => ({ name, file, builtAtMs }));
  }

  async refresh(): Promise<readonly string[]> {
    const opened = await Promise.all(this.#files.map(reopened));
    const faults = opened.filter((one) => 'fault' in one);
    if (faults.length > 0) return faults.map(({ file, fault }) => `${file} ${fault}.`);
    if (opened.every((one, index) => one === this.#files[index])) return [];
    this.#files = opened as readonly OpenFile[];
    this.#cache = new BoundedCache(cachedAddresses);
    return [];
  }

  #ask(text: string): GeoFacts {
    const address = parseAddress(text);
    if (address === undefined || specialAddresses.has(address)) return unknownNetwork;
    const told = this.#files.map((file) => tellSafely(file, address)).filter((one) => one !== undefined);
    const { country = null, asn = null, place } = Object.assign({}, ...told) as Told;
    const kinds = told.map(({ kind }) => kind);
    const kind = kindsByWeight.find((one) => kinds.includes(one)) ?? 'unknown';
    return Object.freeze({ country, asn, kind, ...(place === undefined ? {} : { place }) });
  }
}

/** A record that cannot be decoded tells nothing: no file may fail a request. */
function tellSafely(file: OpenFile, address: Parameters<GeoFile['tell']>[0]): Told | undefined {
  try {
    return file.tell(address);
  } catch {
    return undefined;
  }
}

function named(paths: GeoPaths): { name: GeoFileName; file: string }[] {
  const all: GeoPaths = { ...paths, country: paths.country ?? shippedCountryFile() };
  return geoFileNames.flatMap((name) => {
    const file = all[name];
    return file === undefined ? [] : [{ name, file }];
  });
}

/** The same file where it stands as it was. */
async function reopened(open: OpenFile): Promise<OpenFile | GeoFault> {
  const { name, file } = open;
  try {
    const { mtimeMs, size } = await stat(file);
    const version = `${mtimeMs} ${size}`;
    if (version === open.version) return open;
    const bytes = await readFile(file);
    return opening(name, file, () => ({ bytes, version }));
  } catch (error) {
    return { name, file, fault: faultOf(error) };
  }
}

function opening(
  name: GeoFileName,
  file: string,
  read: () => { readonly bytes: Buffer; readonly version: string },
): OpenFile | GeoFault {
  try {
    const { bytes, version } = read();
    return { name, file, version, ...openGeoFile(name, bytes) };
  } catch (error) {
    return { name, file, fault: faultOf(error) };
  }
}

function faultOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `cannot be read (${code})`;
}
