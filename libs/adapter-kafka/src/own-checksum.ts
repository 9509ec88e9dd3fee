// CRC-32C of a batch of records (RFC 3720 appendix B.4), eight bytes a step where the client takes one.
import { replacePart } from './replace-part.js';

type Checksum = (bytes: Uint8Array) => number;

const reversedPolynomial = 0x82f63b78;
const tables = makeTables();

/** An unsigned number of 32 bits. */
export function checksum(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  const { length } = bytes;
  let crc = ~0;
  let at = 0;
  for (const last = length - 7; at < last; at += 8) {
    const low =
      crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      t7[low & 0xff]! ^
      t6[(low >>> 8) & 0xff]! ^
      t5[(low >>> 16) & 0xff]! ^
      t4[low >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < length; at += 1) crc = t0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Before the client is loaded. */
export function useOwnChecksum(): void {
  const sample = Buffer.from('a text of more than eight bytes, ä');
  replacePart<Checksum>(
    'protocol/recordBatch/crc32C/index',
    () => checksum,
    (ours, theirs) => ours(sample) === theirs(sample),
  );
}

type Tables = readonly [
  Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array,
];

/** The nth table says what a byte that is n bytes further back does to the sum. */
function makeTables(): Tables {
  const made = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ reversedPolynomial : crc >>> 1;
    made[0]![byte] = crc;
  }
  for (let byte = 0; byte < 256; byte += 1) {
    for (let table = 1; table < 8; table += 1) {
      const before = made[table - 1]![byte]!;
      made[table]![byte] = (before >>> 8) ^ made[0]![before & 0xff]!;
    }
  }
  return made as unknown as Tables;
}
