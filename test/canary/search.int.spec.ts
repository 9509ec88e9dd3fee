// The search for secrets is shown every form of one, and finds it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Canaries } from './canaries.js';

describe('the search for secrets', () => {
  const planted = new Canaries();
  const secret = planted.plant('a secret', 'canary-Secret "1" of many/?');
  const bytes = planted.plant('its bytes', Buffer.from('fbefbe00ff8190a1b2c3d4e5f6', 'hex'));
  const around = (content: string | Uint8Array): Buffer =>
    Buffer.concat([Buffer.from('before'), Buffer.from(content as string), Buffer.from('after')]);

  it.each([
    ['in clear', secret],
    ['as hexadecimal', Buffer.from(secret).toString('hex')],
    ['in base64', Buffer.from(`x${secret}y`).toString('base64')],
    ['in base64url, elsewhere in its group', Buffer.from(`xy${secret}`).toString('base64url')],
    ['in a URL', encodeURIComponent(secret)],
    ['in a form', new URLSearchParams({ a: secret }).toString()],
    ['in JSON', JSON.stringify({ secret })],
    ['in UTF-16', Buffer.from(secret, 'utf16le')],
    ['as bytes', bytes],
    [
      'as bytes in base64url',
      Buffer.concat([Buffer.from('x'), bytes, Buffer.from('y')]).toString('base64url'),
    ],
  ])('finds one %s', (_, content) => {
    expect(planted.find('here', around(content))).not.toEqual([]);
  });

  it('finds one in a file among others, and says where', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sallyport-canary-'));
    writeFileSync(join(dir, 'a'), 'nothing');
    writeFileSync(join(dir, 'b'), around(Buffer.from(secret).toString('base64')));
    expect(planted.findInFiles(dir)).toEqual([expect.objectContaining({ secret: 'a secret', where: 'b' })]);
    expect(planted.findInFiles(dir, { b: ['a secret'] })).toEqual([]);
    rmSync(dir, { recursive: true });
  });

  it('finds nothing where there is none', () => {
    expect(planted.find('here', around('canary-Secret "2" of many/?'))).toEqual([]);
  });
});
