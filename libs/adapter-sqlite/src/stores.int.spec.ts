// SQLite keeps the contracts of its stores; its files are refused, private and wiped.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeConsumerCheckpointsContract,
  describeLeasesContract,
  describeSecretStoreContract,
  describeViewStoreContract,
  SteppingClock,
  type LeasesUnderTest,
  type SecretStoreUnderTest,
} from '@sallyport/testing';
import { Database } from './driver.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { SqliteLeases } from './sqlite-leases.js';
import { SqliteSecretStore } from './sqlite-secret-store.js';
import { SqliteViewStore } from './sqlite-view-store.js';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-stores-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
const nextFile = () => join(directory, `file-${(files += 1)}.sqlite`);

describeViewStoreContract('SqliteViewStore', async () => {
  const store = SqliteViewStore.open(nextFile());
  return { store, close: async () => store.close() };
});

async function openVault(file: string): Promise<SecretStoreUnderTest> {
  const store = SqliteSecretStore.open(file);
  const close = async () => store.close();
  return { store, close, reopen: () => close().then(() => openVault(file)) };
}

describeSecretStoreContract('SqliteSecretStore', () => openVault(nextFile()));

describeConsumerCheckpointsContract('SqliteConsumerCheckpoints', async () => {
  const views = SqliteViewStore.open(nextFile());
  return { views, checkpoints: views.consumers, close: async () => views.close() };
});

async function openLeases(file: string): Promise<LeasesUnderTest> {
  const leases = SqliteLeases.open(file);
  return { leases, another: () => openLeases(file), close: async () => leases.close() };
}

describeLeasesContract('SqliteLeases', () => openLeases(nextFile()));

describe('SqliteViewStore opened read-only', () => {
  it('answers nothing before a view is written, follows the writer, and cannot write', async () => {
    const file = nextFile();
    const writer = SqliteViewStore.open(file);
    const reader = SqliteViewStore.openReadOnly(file);
    expect(await reader.list('sessions', 1, 'o')).toEqual([]);
    expect(await reader.checkpoint('example', 1)).toBeNull();
    const row = { key: 'a', owner: 'o', body: {} };
    const batch = {
      projection: 'example',
      generation: 1,
      from: null,
      to: '1',
      changes: [{ view: 'sessions', key: 'a', row }],
    };
    await writer.commit(batch);
    expect(await reader.list('sessions', 1, 'o')).toEqual([row]);
    expect(await reader.checkpoint('example', 1)).toBe('1');
    await writer.reset('example', 1, ['sessions']);
    expect(await reader.list('sessions', 1, 'o')).toEqual([]);
    await expect(reader.commit(batch)).rejects.toMatchObject({ code: 'store_unavailable' });
    reader.close();
    writer.close();
  });
});

describe('SqliteSecretStore', () => {
  it('leaves the bytes of deleted and replaced secrets in no file, while others come and stay', async () => {
    const file = nextFile();
    const store = SqliteSecretStore.open(file);
    const kept: string[] = [];
    const gone: string[] = [];
    const secret = (size: number) => `CANARY-${randomBytes(size).toString('hex')}`;
    for (let round = 0; round < 4; round += 1) {
      const batch = Array.from({ length: 120 }, (_, index) => ({
        name: secret(12),
        text: secret(20 + ((index * 37) % 140)),
      }));
      for (const { name, text } of batch) await store.put('personal', name, Buffer.from(text));
      for (const [index, { name, text }] of batch.toSorted((a, b) => (a.name < b.name ? -1 : 1)).entries()) {
        if (index % 3 === 0) kept.push(text);
        else gone.push(text);
        if (index % 3 === 1) await store.put('personal', name, Buffer.from('new'));
        if (index % 3 === 2) await store.delete('personal', name);
        if (index % 3 === 2) gone.push(name);
      }
    }
    const contents = contentsOf(file);
    // A piece of each will do: a stale copy may be cut.
    const left = (texts: string[]) => texts.filter((text) => contents.includes(text.slice(9, 31)));
    expect(left(kept)).toHaveLength(kept.length);
    expect(left(gone)).toEqual([]);
    store.close();
  });
});

describe('a database file', () => {
  it('is refused with a clear message when it is from a newer version', async () => {
    const file = nextFile();
    SqliteViewStore.open(file).close();
    const db = new Database(file);
    db.pragma('user_version = 99');
    db.close();
    expect(() => SqliteViewStore.open(file)).toThrow(expect.objectContaining({ code: 'schema_newer' }));
    expect(() => SqliteViewStore.openReadOnly(file)).toThrow(/written by a newer version \(views schema 99/);
  });

  it('is refused when it is of another kind', () => {
    const file = nextFile();
    SqliteViewStore.open(file).close();
    expect(() => SqliteSecretStore.open(file)).toThrow(expect.objectContaining({ code: 'foreign_file' }));
    const options = { file, clock: new SteppingClock() };
    expect(() => SqliteEventStore.open(options)).toThrow(/is not a ledger file/);
  });

  it('can be read by its owner only', () => {
    const file = nextFile();
    SqliteSecretStore.open(file).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

/**
 * All bytes of the store's files; read by another process, as our own reads would drop SQLite's locks on
 * them.
 */
function contentsOf(file: string): string {
  return execFileSync('cat', [file, `${file}-wal`, `${file}-shm`], { maxBuffer: 1 << 28 }).toString('latin1');
}
