// Addresses as numbers, so that ranges can be searched, and the ranges that are nowhere on the globe.
import { isIP } from 'node:net';

/** An address of either family; an IPv4 address in IPv6 form is one of IPv4. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
  /** Dotted, or eight groups. */
  readonly text: string;
}

/** All addresses from `first` to `last`, both included. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** ::ffff:0:0/96 (RFC 4291 section 2.5.5.2), without its last 32 bits. */
const mappedPrefix = 0xffffn;

/** The address a text stands for, a zone at its end left out (RFC 4007); undefined for what is none. */
export function parseAddress(text: string): Address | undefined {
  const [bare = ''] = text.split('%');
  const version = isIP(bare);
  if (version === 0) return undefined;
  if (version === 4) return { family: 4, value: BigInt(dotted(bare)), text: bare };
  const value = joined(groupsOf(bare), 16n);
  const mapped = value >> 32n === mappedPrefix;
  return mapped ? addressOf(4, value & 0xffff_ffffn) : addressOf(6, value);
}

/** The address of a number. */
export function addressOf(family: 4 | 6, value: bigint): Address {
  const [count, width] = family === 4 ? [4, 8n] : [8, 16n];
  const parts = Array.from({ length: count }, (_, index) => {
    return Number((value >> (BigInt(count - 1 - index) * width)) & ((1n << width) - 1n));
  });
  const text = family === 4 ? parts.join('.') : parts.map((part) => part.toString(16)).join(':');
  return { family, value, text };
}

/** The range a text stands for: an address, or a network with the length of its prefix (RFC 4632). */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || rest.length > 0) return undefined;
  const { family, value } = parsed;
  const bits = family === 4 ? 32 : 128;
  if (length === undefined) return { family, first: value, last: value };
  // The prefix of an IPv4 network in IPv6 form counts the 96 bits before it.
  const prefix = Number(length) - (family === 4 && address.includes(':') ? 96 : 0);
  if (!/^\d{1,3}$/.test(length) || prefix < 0 || prefix > bits) return undefined;
  const host = (1n << BigInt(bits - prefix)) - 1n;
  return { family, first: value & ~host, last: value | host };
}

function dotted(text: string): number {
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

function joined(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | BigInt(part), 0n);
}

function groupsOf(text: string): number[] {
  const [left = '', right] = text.split('::');
  const head = readGroups(left);
  const tail = right === undefined ? [] : readGroups(right);
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** A dotted end (RFC 4291 section 2.2) is two groups. */
function readGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
