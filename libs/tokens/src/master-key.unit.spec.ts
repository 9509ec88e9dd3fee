// Which texts are a master key, what is said of the others, and that what it wraps opens in its place only.
import { codeOf, ids, master, otherMaster } from './spec-examples.js';
import { MasterKey, newMasterKeyText, parseMasterKey } from './index.js';

const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7));
const entry = { kind: 'key', name: 'a' };
const plain = Buffer.from('marked-secret');

describe('a master key', () => {
  it('is read from base64url or hex, with the white space a file has around it', () => {
    const wrapped = new MasterKey(bytes).wrap(entry, plain, ids);
    const hex = bytes.toString('hex');
    const texts = [
      bytes.toString('base64url'),
      `${bytes.toString('base64url')}=\n`,
      hex,
      ` ${hex.toUpperCase()}\r\n`,
    ];
    for (const text of texts) expect(parseMasterKey(text).unwrap(entry, wrapped)).toEqual(plain);
  });

  it('comes fresh as text that is read again', () => {
    const text = newMasterKeyText(ids);
    expect(text).toHaveLength(43);
    expect(newMasterKeyText(ids)).not.toBe(text);
    expect(parseMasterKey(text)).toBeInstanceOf(MasterKey);
  });

  it.each([
    '',
    'secret',
    'x'.repeat(43),
    bytes.toString('base64'),
    bytes.toString('hex').slice(1),
    '0'.repeat(64),
    'AQ',
  ])('is not %j, and the error shows nothing of it', (text) => {
    expect(codeOf(() => parseMasterKey(text))).toBe('master_key_malformed');
    expect(() => parseMasterKey(text)).toThrow(
      /^master_key_malformed: (expected 32 bytes|every byte)[^:"]*$/,
    );
  });

  it('opens what it wrapped under the same kind and name only', () => {
    const wrapped = master.wrap(entry, plain, ids);
    expect(master.unwrap(entry, wrapped)).toEqual(plain);
    expect(master.unwrap({ ...entry, name: 'b' }, wrapped)).toBeUndefined();
    expect(master.unwrap({ ...entry, kind: 'personal' }, wrapped)).toBeUndefined();
    expect(otherMaster.unwrap(entry, wrapped)).toBeUndefined();
    expect(master.unwrap(entry, wrapped.subarray(0, 20))).toBeUndefined();
    expect(Buffer.from(wrapped).toString('latin1')).not.toContain('marked');
  });

  it('shows nothing of itself when it is printed', () => {
    expect(JSON.stringify(master)).toBe('{}');
  });
});
