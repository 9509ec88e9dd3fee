// A set of address ranges, asked by binary search: lists of exits and data centres have many thousand lines.
import type { Address, AddressRange } from './addresses.js';
import { parseRange } from './addresses.js';

const maxRanges = 1_000_000;
const maxFaultsTold = 3;

/** Ranges may overlap, in any order. */
export class RangeSet {
  readonly #ranges: { readonly 4: readonly AddressRange[]; readonly 6: readonly AddressRange[] };

  constructor(ranges: Iterable<AddressRange>) {
    const all = [...ranges];
    this.#ranges = { 4: merged(all, 4), 6: merged(all, 6) };
  }

  has({ family, value }: Address): boolean {
    const ranges = this.#ranges[family];
    let low = 0;
    let high = ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const { first, last } = ranges[middle] as AddressRange;
      if (value < first) high = middle - 1;
      else if (value > last) low = middle + 1;
      else return true;
    }
    return false;
  }
}

/**
 * The ranges of a text with one address or CIDR range a line; empty lines and what follows `#` or `;` do not
 * count. Throws an `Error` that names the lines that are neither.
 */
export function parseRanges(text: string): AddressRange[] {
  const ranges: AddressRange[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = line.replace(/[#;].*$/, '').trim();
    if (entry === '') continue;
    const range = parseRange(entry);
    if (range === undefined) faults.push(`line ${index + 1}`);
    else ranges.push(range);
  }
  if (ranges.length > maxRanges) throw new Error(`has more than ${maxRanges} ranges`);
  if (faults.length === 0) return ranges;
  const more = faults.length > maxFaultsTold ? ` and ${faults.length - maxFaultsTold} more` : '';
  const told = `${faults.slice(0, maxFaultsTold).join(', ')}${more}`;
  throw new Error(`is no list of addresses and CIDR ranges, one a line: look at ${told}`);
}

function merged(ranges: readonly AddressRange[], family: 4 | 6): AddressRange[] {
  const result: AddressRange[] = [];
  const sorted = ranges.filter((range) => range.family === family).sort(byFirst);
  for (const range of sorted) {
    const before = result.at(-1);
    if (before === undefined || range.first > before.last + 1n) result.push(range);
    else if (range.last > before.last) result[result.length - 1] = { ...before, last: range.last };
  }
  return result;
}

function byFirst(a: AddressRange, b: AddressRange): number {
  return a.first < b.first ? -1 : a.first > b.first ? 1 : 0;
}
