// Our encoding of records is the client's, byte for byte.
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { encodeRecord } from './own-records.js';
import type { EncodeRecord } from './own-records.js';

const theirs = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/record/v0') as EncodeRecord;
const bytes = fc.uint8Array({ maxLength: 40_000 }).map((some) => Buffer.from(some));
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

  it('is left to the client when it is not as ours are', () => {
    expect(encodeRecord({ key: 'k', value: 'v', headers: { list: ['a', 'b'] } })).toBeUndefined();
    expect(encodeRecord({ key: 'k', value: 'v', timestampDelta: 2 ** 40 })).toBeUndefined();
    expect(encodeRecord({ key: 'k', value: 'v', headers: { none: null } })).toBeUndefined();
  });
});
