// HMAC-SHA256 as two one-shot hashes: an Hmac object of node:crypto costs twice as much, and three are needed
// for each refresh.
import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** A key for HMAC-SHA256 (RFC 2104), 64 bytes at most; what it is made of cannot be read back. */
export class MacKey {
  /** The key in its two paddings; the second is followed by room for the inner hash. */
  readonly #inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);

  /** Throws RangeError for a longer key. */
  constructor(key: Uint8Array) {
    if (key.length > BLOCK_BYTES) throw new RangeError('a MAC key has at most 64 bytes');
    for (const [index, byte] of key.entries()) {
      this.#inner[index]! ^= byte;
      this.#outer[index]! ^= byte;
    }
  }

  /** The 32-byte MAC of the bytes, or of the UTF-8 text. */
  of(data: Uint8Array | string): Buffer {
    const mac = Buffer.allocUnsafe(DIGEST_BYTES);
    this.write(data, mac, 0);
    return mac;
  }

  /** Writes the MAC of the data into `target` at `offset`. */
  write(data: Uint8Array | string, target: Buffer, offset: number): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const inner = Buffer.allocUnsafe(BLOCK_BYTES + bytes.length);
    inner.set(this.#inner);
    inner.set(bytes, BLOCK_BYTES);
    // As text: a digest as bytes comes with a buffer of its own, which costs as much again.
    this.#outer.write(hash('sha256', inner, 'hex'), BLOCK_BYTES, DIGEST_BYTES, 'hex');
    target.write(hash('sha256', this.#outer, 'hex'), offset, DIGEST_BYTES, 'hex');
  }
}
