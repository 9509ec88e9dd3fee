// What texts are addresses and ranges, and the numbers they stand for.
import { addressOf, parseAddress, parseRange } from './addresses.js';
import { parseRanges, RangeSet } from './range-set.js';

const textOf = (text: string) => parseAddress(text)?.text;

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:207', '192.0.2.7'],
    ['2001:DB8::1', '2001:db8:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['1::', '1:0:0:0:0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0:0:0:c000:207'],
  ])('%s is %s', (text, normal) => expect(textOf(text)).toBe(normal));

  it.each(['', '192.0.2', '192.0.2.256', '192.0.2.07x', ':::', '1::2::3', '12345::', 'example.org', '%eth0'])(
    'is not "%s"',
    (text) => expect(parseAddress(text)).toBeUndefined(),
  );

  it('is made again from its number', () => {
    for (const text of ['0.0.0.0', '10.255.0.1', '2001:db8:0:0:0:0:0:1', 'ffff:0:0:0:0:0:0:ffff']) {
      const { family, value } = parseAddress(text) ?? { family: 4, value: -1n };
      expect(addressOf(family, value).text).toBe(text);
    }
  });
});

describe('a range', () => {
  const ends = (text: string) => {
    const range = parseRange(text);
    return range && [addressOf(range.family, range.first).text, addressOf(range.family, range.last).text];
  };

  it.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.7'],
    ['192.0.2.7/24', '192.0.2.0', '192.0.2.255'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['::ffff:192.0.2.0/120', '192.0.2.0', '192.0.2.255'],
    ['2001:db8::/32', '2001:db8:0:0:0:0:0:0', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::/128', '0:0:0:0:0:0:0:0', '0:0:0:0:0:0:0:0'],
  ])('%s goes from %s to %s', (text, first, last) => expect(ends(text)).toEqual([first, last]));

  it.each(['192.0.2.0/33', '192.0.2.0/', '1.0.0.0/-1', '1.0.0.0/8/9', '2001:db8::/129', '::ffff:1.2.3.4/9'])(
    'is not "%s"',
    (text) => expect(parseRange(text)).toBeUndefined(),
  );
});

describe('a set of ranges', () => {
  it('has what any of its ranges has, whatever their order, and nothing beside', () => {
    const ranges = parseRanges('81.0.0.0/24\n80.0.0.0/8\n81.0.1.0/24\n81.0.0.128/25\n83.0.0.1\n2a00::/16');
    const set = new RangeSet(ranges);
    const has = (text: string) => set.has(parseAddress(text) ?? { family: 4, value: -1n, text });
    const inside = ['80.0.0.0', '80.255.255.255', '81.0.0.0', '81.0.1.255', '83.0.0.1', '2a00::1'];
    const outside = ['79.255.255.255', '81.0.2.0', '83.0.0.0', '83.0.0.2', '2a01::', '::5000:0'];
    expect(inside.filter((text) => !has(text))).toEqual([]);
    expect(outside.filter(has)).toEqual([]);
  });
});
