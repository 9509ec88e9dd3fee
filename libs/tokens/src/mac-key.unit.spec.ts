// The MAC is HMAC-SHA256, whoever computes it.
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { MacKey } from './mac-key.js';

const key = fc.uint8Array({ maxLength: 64 });
const text = fc.string({ unit: 'binary' });

describe('a MAC key', () => {
  it("makes node:crypto's HMAC-SHA256 of bytes and of text", () => {
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 300 }), text, (bytes, data, words) => {
        const mac = new MacKey(bytes);
        expect(mac.of(data)).toEqual(createHmac('sha256', bytes).update(data).digest());
        expect(mac.of(words)).toEqual(createHmac('sha256', bytes).update(words).digest());
      }),
    );
  });

  it('writes its MAC to the place it is asked for', () => {
    const target = Buffer.alloc(40);
    new MacKey(Buffer.from('key')).write('data', target, 4);
    expect(target.subarray(4, 36)).toEqual(createHmac('sha256', 'key').update('data').digest());
    expect([target.readUInt32BE(0), target.readUInt32BE(36)]).toEqual([0, 0]);
  });

  it('refuses a key longer than a block, which would have to be hashed first', () => {
    expect(() => new MacKey(Buffer.alloc(65))).toThrow(RangeError);
  });

  it('shows nothing of the key when it is printed', () => {
    const mac = new MacKey(Buffer.alloc(32, 'secret'));
    expect(JSON.stringify(mac)).toBe('{}');
    expect(Object.keys(mac)).toEqual([]);
  });
});
