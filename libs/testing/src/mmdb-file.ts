// Writes small MaxMind DB files (format 2.0), so that specs can say what a network database knows.

/** What a record may hold. */
export type MmdbValue = string | number | boolean | { readonly [member: string]: MmdbValue };
/** Networks as CIDR, with the record of each; where they overlap the longer prefix counts. */
export type MmdbNetworks = Readonly<Record<string, MmdbValue>>;

interface MmdbOptions {
  /** 6 holds both families (IPv4 under ::/96), 4 IPv4 only. */
  readonly ipVersion?: 4 | 6;
  readonly type?: string;
  readonly builtAtMs?: number;
}

/** A node: what its two halves hold, which is another node, a record's place, or nothing. */
type Half = Node | { readonly record: number } | undefined;
interface Node {
  halves: [Half, Half];
}

const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const separatorBytes = 16;

/** The bytes of a database file of these networks. */
export function mmdbFile(networks: MmdbNetworks, options: MmdbOptions = {}): Buffer {
  const { ipVersion = 6, type = 'Example', builtAtMs = Date.UTC(2026, 10, 1) } = options;
  const root: Node = { halves: [undefined, undefined] };
  const byLength = Object.entries(networks)
    .map(([cidr, record]) => ({ bits: bitsOf(cidr, ipVersion), record }))
    .sort((a, b) => a.bits.length - b.bits.length);
  let data = Buffer.alloc(0);
  for (const { bits, record } of byLength) {
    insert(root, bits, { record: data.length });
    data = Buffer.concat([data, encode(record)]);
  }
  const nodes = numbered(root);
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Math.floor(builtAtMs / 1000),
    database_type: type,
    ip_version: ipVersion,
    node_count: nodes.length,
    record_size: 32,
  });
  return Buffer.concat([tree(nodes), Buffer.alloc(separatorBytes), data, marker, metadata]);
}

function bitsOf(cidr: string, ipVersion: 4 | 6): number[] {
  const [address = '', length] = cidr.split('/');
  const isV6 = address.includes(':');
  const groups = isV6 ? v6Groups(address) : address.split('.').map(Number);
  const width = isV6 ? 16 : 8;
  const bits = groups.flatMap((group) => [...group.toString(2).padStart(width, '0')].map(Number));
  const prefix = bits.slice(0, length === undefined ? undefined : Number(length));
  return isV6 || ipVersion === 4 ? prefix : [...Array<number>(96).fill(0), ...prefix];
}

function v6Groups(address: string): number[] {
  const [left = '', right] = address.split('::');
  const read = (text: string) => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [head, tail] = [read(left), read(right ?? '')];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function insert(root: Node, bits: readonly number[], leaf: { readonly record: number }): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const half = node.halves[bit as 0 | 1];
    // What a shorter prefix said holds on in the half that the longer one leaves.
    const next: Node = half !== undefined && 'halves' in half ? half : { halves: [half, half] };
    node.halves[bit as 0 | 1] = next;
    node = next;
  }
  node.halves[bits.at(-1) as 0 | 1] = leaf;
}

function numbered(root: Node): readonly Node[] {
  const nodes: Node[] = [root];
  for (const node of nodes) {
    for (const half of node.halves) if (half !== undefined && 'halves' in half) nodes.push(half);
  }
  return nodes;
}

function tree(nodes: readonly Node[]): Buffer {
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const bytes = Buffer.alloc(nodes.length * 8);
  const valueOf = (half: Half): number => {
    if (half === undefined) return nodes.length;
    if ('halves' in half) return numbers.get(half) as number;
    return nodes.length + separatorBytes + half.record;
  };
  nodes.forEach(({ halves }, index) => {
    bytes.writeUInt32BE(valueOf(halves[0]), index * 8);
    bytes.writeUInt32BE(valueOf(halves[1]), index * 8 + 4);
  });
  return bytes;
}

/** Types of the format: 2 text, 3 double, 6 unsigned 32 bits, 7 map, 14 boolean. */
function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0, 14 - 7]);
  if (typeof value === 'number') return encodeNumber(value);
  const members = Object.entries(value);
  const parts = members.flatMap(([name, member]) => [encode(name), encode(member)]);
  return Buffer.concat([control(7, members.length), ...parts]);
}

function encodeNumber(value: number): Buffer {
  const whole = Number.isInteger(value) && value >= 0;
  const bytes = Buffer.alloc(whole ? 4 : 8);
  if (whole) bytes.writeUInt32BE(value);
  else bytes.writeDoubleBE(value);
  return Buffer.concat([control(whole ? 6 : 3, bytes.length), bytes]);
}

function control(type: number, size: number): Buffer {
  if (size < 29) return Buffer.from([(type << 5) | size]);
  if (size < 285) return Buffer.from([(type << 5) | 29, size - 29]);
  throw new Error('an example needs no value of 285 bytes');
}
