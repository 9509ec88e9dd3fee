// What takes the place of parts of the client does what they do, byte for byte.
import fc from 'fast-check';
import { checksum } from './own-checksum.js';
import { roomy } from './own-encoder.js';
import type { EncoderClass } from './own-encoder.js';
import { groupByPartition } from './own-grouping.js';
import { encodeRecord } from './own-records.js';
import type { EncodeRecord } from './own-records.js';
import { clientPart } from './replace-part.js';

const theirs = clientPart<EncodeRecord>('protocol/recordBatch/record/v0');
// Without a size the checker keeps to a handful of bytes, whatever the limit.
const bytes = fc.uint8Array({ maxLength: 4_000, size: 'max' }).map((some) => Buffer.from(some));
const text = fc.string({ unit: 'binary', maxLength: 300 });

describe('a record', () => {
  it('is encoded as the client encodes it, whatever is in it', () => {
    const records = fc.record({
      offsetDelta: fc.nat(1_000_000),
      timestampDelta: fc.integer({ min: -100_000, max: 100_000_000 }),
      key: fc.option(text),
      value: fc.oneof(text, fc.constant(null), bytes),
      headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 140 }), text, { maxKeys: 20 }),
    });
    fc.assert(
      fc.property(records, (record) => {
        expect(encodeRecord(record)?.buffer.toString('hex')).toBe(theirs(record).buffer.toString('hex'));
      }),
      { numRuns: 500 },
    );
  });

  it('is encoded as by itself, whatever the headers of those before it were', () => {
    const texts = fc.constantFrom('', 'a', 'b', 'ä', 'same length', 'other words', 'x'.repeat(200));
    const headers = fc.dictionary(fc.constantFrom('one', 'two', 'three'), texts);
    fc.assert(
      fc.property(fc.array(headers, { minLength: 2, maxLength: 12, size: 'max' }), (inTurn) => {
        for (const each of inTurn) {
          const record = { key: 'k', value: 'v', headers: each };
          expect(encodeRecord(record)?.buffer.toString('hex')).toBe(theirs(record).buffer.toString('hex'));
        }
      }),
    );
  });

  it('is left to the client when it is not as ours are', () => {
    expect(encodeRecord({ key: 'k', value: 'v', headers: { list: ['a', 'b'] } })).toBeUndefined();
    expect(encodeRecord({ key: 'k', value: 'v', timestampDelta: 2 ** 40 })).toBeUndefined();
    expect(encodeRecord({ key: 'k', value: 'v', headers: { none: null } })).toBeUndefined();
  });
});

describe('an encoder', () => {
  it('writes what the client writes, however much it is', () => {
    const Theirs = clientPart<EncoderClass>('protocol/encoder');
    const Ours = roomy(Theirs);
    const lists = fc.array(fc.oneof(bytes, text), { maxLength: 20 });
    fc.assert(
      fc.property(lists, (parts) => {
        const written = (Encoder: EncoderClass): string => {
          const each = parts.map((part) => new Encoder().writeBytes(part).writeInt32(7));
          const all = new Encoder().writeArray(each, 'object').writeEncoder(each[0] ?? new Encoder());
          return all.buffer.toString('hex');
        };
        expect(written(Ours)).toBe(written(Theirs));
      }),
    );
  });
});

describe('a checksum', () => {
  it('is the one the client computes, whatever the length', () => {
    const theirs = clientPart<typeof checksum>('protocol/recordBatch/crc32C');
    expect(checksum(Buffer.from('123456789'))).toBe(0xe3069283);
    fc.assert(fc.property(bytes, (some) => expect(checksum(some)).toBe(theirs(some))));
  });
});

describe('messages', () => {
  it('are grouped by partition as the client groups them', () => {
    const theirs = clientPart<typeof groupByPartition>('producer/groupMessagesPerPartition');
    const partitioner = ({ message }: { readonly message: object }) =>
      (message as { readonly partition: number }).partition;
    const lists = fc.array(fc.record({ partition: fc.nat(5), value: text }));
    fc.assert(
      fc.property(lists, fc.boolean(), (messages, isKnown) => {
        const partitionMetadata = isKnown ? [{}] : [];
        const grouped = { topic: 'topic', partitionMetadata, messages, partitioner };
        expect(groupByPartition(grouped)).toEqual(theirs(grouped));
      }),
    );
  });
});
