// One credential for all replicas, whoever comes first.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOrMakeCredential } from './credential-file.js';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-credential-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the credential file', () => {
  it('is made once, for its owner alone, and read by all', () => {
    const file = join(folder, 'made');
    const first = readOrMakeCredential(file);
    expect(first.length).toBeGreaterThanOrEqual(43);
    expect(readOrMakeCredential(file)).toBe(first);
    expect(readFileSync(file, 'utf8').trim()).toBe(first);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(readdirSync(folder)).toEqual(['made']);
  });

  it('is taken as an operator wrote it, and refused where it is no secret', () => {
    const file = join(folder, 'given');
    writeFileSync(file, `${'k'.repeat(40)}\n`);
    expect(readOrMakeCredential(file)).toBe('k'.repeat(40));
    writeFileSync(file, 'short\n');
    expect(() => readOrMakeCredential(file)).toThrow(/holds no credential/);
  });
});
