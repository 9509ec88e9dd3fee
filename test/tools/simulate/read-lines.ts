// Reads labelled events and their labels, line by line; a mistake is named with its file and line.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Network } from '@sallyport/core-session';
import { lineKinds } from './line.js';
import type { Label, Line, LineKind } from './line.js';

type Plain = Readonly<Record<string, unknown>>;

const networkKinds = ['residential', 'mobile', 'hosting', 'vpn', 'tor', 'unknown'];
const causes = ['forged', 'wrong_key', 'forked', 'superseded'];
/** Longer texts are no ids. */
const maxText = 512;

/** The events of the file, one a line, blank lines left out. Throws naming file and line. */
export function readLines(file: string): AsyncGenerator<Line, void, void> {
  return parsed(file, parseLine);
}

/** The labels by account; an account that is named twice is a mistake. */
export async function readLabels(file: string): Promise<Map<string, Label>> {
  const labels = new Map<string, Label>();
  const parse = (data: Plain): Label => {
    const label = parseLabel(data);
    if (labels.has(label.account)) throw new Error(`account ${label.account} has a label already`);
    return label;
  };
  for await (const label of parsed(file, parse)) labels.set(label.account, label);
  return labels;
}

async function* parsed<T>(file: string, parse: (data: Plain) => T): AsyncGenerator<T, void, void> {
  const input = createReadStream(file, 'utf8');
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (text.trim() === '') continue;
    let one: T;
    try {
      one = parse(plain(JSON.parse(text.replace(/^\uFEFF/, '')), 'the line'));
    } catch (error) {
      throw new Error(`${file}:${number}: ${(error as Error).message}`, { cause: error });
    }
    yield one;
  }
}

function parseLine(data: Plain): Line {
  const account = optionalText(data, 'account') ?? null;
  const { kind, isNetworks } = kindOf(data);
  if (account === null && kind !== 'sign_in_failed') throw new Error('account is missing');
  const device = optionalText(data, 'device') ?? null;
  const context = data['network'] === undefined && 'country' in data ? data : data['network'];
  const network = context === undefined || context === null ? undefined : plain(context, 'network');
  return {
    ms: timeOf(data, 'time'),
    account,
    device,
    kind,
    network: network === undefined ? undefined : networkOf(network, isNetworks || network !== data),
    session: optionalText(data, 'session'),
    key: optionalText(data, 'key'),
    name: optionalText(data, 'name'),
    ...particulars(kind, data),
  };
}

/** A network's kind in place of an event's is a use: the context stands in the line itself. */
function kindOf(data: Plain): { readonly kind: LineKind; readonly isNetworks: boolean } {
  const kind = data['kind'] ?? 'use';
  if (data['network'] === undefined && networkKinds.includes(kind as string)) {
    return { kind: 'use', isNetworks: true };
  }
  if (lineKinds.includes(kind as LineKind)) return { kind: kind as LineKind, isNetworks: false };
  throw new Error(`kind must be one of ${lineKinds.join(', ')}, not ${shown(kind)}`);
}

/** `hasKind`: the member `kind` is the network's, not the event's. */
function networkOf(data: Plain, hasKind: boolean): Network {
  const country = optionalText(data, 'country') ?? null;
  if (country !== null && !/^[A-Z]{2}$/.test(country)) {
    throw new Error(`country must be two capital letters (ISO 3166-1) or null, not ${shown(country)}`);
  }
  const asn = data['asn'] ?? null;
  if (asn !== null && !isCount(asn)) throw new Error(`asn must be a whole number or null, not ${shown(asn)}`);
  const kind = (hasKind ? data['kind'] : data['networkKind']) ?? 'unknown';
  if (!networkKinds.includes(kind as string)) {
    throw new Error(`the network's kind must be one of ${networkKinds.join(', ')}, not ${shown(kind)}`);
  }
  const dayTag = optionalText(data, 'dayTag');
  return {
    country,
    asn: asn as number | null,
    kind: kind as Network['kind'],
    ipTag: optionalText(data, 'ipTag') ?? '',
    ...(dayTag === undefined ? {} : { dayTag }),
    ...(data['place'] === undefined || data['place'] === null ? {} : { place: placeOf(data['place']) }),
    ...(data['server'] === true ? { server: true as const } : {}),
  };
}

function placeOf(value: unknown): NonNullable<Network['place']> {
  const place = plain(value, 'place');
  const { lat, lon, radiusKm = 0 } = place;
  const isNumber = (one: unknown, most: number): one is number =>
    typeof one === 'number' && Math.abs(one) <= most;
  if (isNumber(lat, 90) && isNumber(lon, 180) && isNumber(radiusKm, 20_100) && radiusKm >= 0) {
    return { lat, lon, radiusKm };
  }
  throw new Error('place needs lat and lon in degrees and radiusKm');
}

function particulars(kind: LineKind, data: Plain): Partial<Line> {
  const { count } = data;
  if (count !== undefined && !isCount(count)) {
    throw new Error(`count must be a whole number, not ${shown(count)}`);
  }
  const often = count === undefined ? {} : { count: count as number };
  if (kind === 'reuse') return { ...often, cause: oneOf(data, 'cause', causes), ends: data['ends'] === true };
  if (kind === 'attestation') {
    return { result: oneOf(data, 'result', ['passed', 'failed']) as 'passed' | 'failed' };
  }
  if (kind === 'device_trusted') return { trusted: data['trusted'] !== false };
  if (kind !== 'travel_notice') return often;
  const { countries } = data;
  if (!Array.isArray(countries) || countries.some((one) => typeof one !== 'string')) {
    throw new Error('countries must be a list of country codes');
  }
  return { countries: countries as string[], fromMs: timeOf(data, 'from'), untilMs: timeOf(data, 'until') };
}

function parseLabel(data: Plain): Label {
  const account = optionalText(data, 'account');
  if (account === undefined) throw new Error('account is missing');
  const label = optionalText(data, 'label');
  if (label === undefined) throw new Error('label is missing: honest, or the kind of attack');
  const population = optionalText(data, 'population');
  if (label === 'honest') return { account, population };
  const { sessions } = data;
  if (sessions !== undefined && !Array.isArray(sessions)) throw new Error('sessions must be a list');
  const fromMs = data['from'] === undefined ? undefined : timeOf(data, 'from');
  return { account, population, attack: label, fromMs, sessions: sessions as string[] | undefined };
}

function timeOf(data: Plain, member: string): number {
  const value = data[member];
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new Error(`${member} must be an ISO 8601 time, not ${shown(value)}`);
  return ms;
}

function optionalText(data: Plain, member: string): string | undefined {
  const value = data[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= maxText) return value;
  throw new Error(`${member} must be a text of 1 to ${maxText} characters, not ${shown(value)}`);
}

function oneOf(data: Plain, member: string, allowed: readonly string[]): string {
  const value = data[member];
  if (typeof value === 'string' && allowed.includes(value)) return value;
  throw new Error(`${member} must be one of ${allowed.join(', ')}, not ${shown(value)}`);
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function plain(value: unknown, what: string): Plain {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Plain;
  throw new Error(`${what} must be a JSON object`);
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60);
}
