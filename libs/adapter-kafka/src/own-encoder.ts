// The client's encoder with room made at once. Theirs doubles a buffer filled with zeros, and a request of
// records is copied from one encoder into the next eight times.
import type { Encoded } from './own-records.js';
import { replacePart } from './replace-part.js';

/** As much of it as is used here. */
export interface Encoder extends Encoded {
  buf: Buffer;
  offset: number;
  writeInt32(value: number): this;
  writeBytes(value: Buffer | string): this;
  writeEncoder(value: Encoded): this;
  writeArray(value: readonly Encoded[], type: 'object'): this;
  ensureAvailable(bytes: number): void;
  writeEncoderArray(values: readonly Encoded[]): this;
}
export type EncoderClass = new (size?: number) => Encoder;

/** Up to there the next doubling costs less than to grow again. */
const smallBytes = 64 * 1024;

/** The same encoder, which writes the same bytes. */
export function roomy(Theirs: EncoderClass): EncoderClass {
  return class extends Theirs {
    override ensureAvailable(bytes: number): void {
      const needed = this.offset + bytes;
      if (needed <= this.buf.length) return;
      const larger = Buffer.allocUnsafe(needed < smallBytes ? 2 * needed : needed + smallBytes);
      this.buf.copy(larger, 0, 0, this.offset);
      this.buf = larger;
    }

    override writeEncoderArray(values: readonly Encoded[]): this {
      this.ensureAvailable(values.reduce((sum, { buffer }) => sum + buffer.length, 0));
      return super.writeEncoderArray(values);
    }
  };
}

/** Before the client is loaded. */
export function useOwnEncoder(): void {
  const written = (Encoder: EncoderClass): Buffer => {
    const parts = [1, 100_000].map((length) => new Encoder().writeBytes(Buffer.alloc(length, 'ä')));
    return new Encoder().writeInt32(7).writeArray(parts, 'object').writeInt32(9).buffer;
  };
  const isSame = (ours: EncoderClass, theirs: EncoderClass) => written(ours).equals(written(theirs));
  replacePart<EncoderClass>('protocol/encoder', roomy, isSame);
}
