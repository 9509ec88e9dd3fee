// In which partition of a topic a key is: murmur2 of its UTF-8 bytes, as Kafka's own clients count.

const encoder = new TextEncoder();

/** The partition of the key in a topic of that many partitions. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
}

const seed = 0x9747b28c;
const mixer = 0x5bd1e995;

/** 32-bit murmur2 with Kafka's seed, as a signed integer. */
function murmur2(bytes: Uint8Array): number {
  const whole = bytes.length & ~3;
  let hash = seed ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    hash = Math.imul(hash, mixer) ^ mixed(littleEndian(bytes, at, 4));
  }
  if (whole < bytes.length) hash = Math.imul(hash ^ littleEndian(bytes, whole, bytes.length - whole), mixer);
  hash = Math.imul(hash ^ (hash >>> 13), mixer);
  return hash ^ (hash >>> 15);
}

function mixed(word: number): number {
  const product = Math.imul(word, mixer);
  return Math.imul(product ^ (product >>> 24), mixer);
}

function littleEndian(bytes: Uint8Array, from: number, count: number): number {
  let word = 0;
  for (let at = 0; at < count; at += 1) word |= (bytes[from + at] ?? 0) << (8 * at);
  return word;
}
