// The ledger's file itself: alterations show or are refused, syncs are full, only its owner reads it.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleAppend, exampleDraft, SteppingClock } from '@sallyport/testing';
import { Database, type Connection } from './driver.js';
import { SqliteEventStore } from './sqlite-event-store.js';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-ledger-file-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('the ledger file', () => {
  const withStore = (test: (store: SqliteEventStore, file: string) => Promise<void>) => async () => {
    const file = join(mkdtempSync(join(directory, 'f-')), 'ledger.sqlite');
    const store = SqliteEventStore.open({ file, clock: new SteppingClock() });
    await test(store, file).finally(() => store.close());
  };
  const unguard = (db: Connection) => db.exec('DROP TRIGGER events_keep; DROP TRIGGER events_stay');

  it(
    'shows an altered event by its hash, and alters and deletes none itself',
    withStore(async (store, file) => {
      await store.append(
        exampleAppend('a', -1, { events: [exampleDraft(), exampleDraft(), exampleDraft()] }),
      );
      const other = new Database(file);
      expect(() => other.exec("UPDATE events SET type = 'x'")).toThrow('never changed');
      expect(() => other.exec('DELETE FROM events')).toThrow('never deleted');
      unguard(other);
      const before = await store.read('a', 0, 10);
      for (const change of [
        "body = replace(body, 'account-1', 'account-2')",
        "type = 'example.other'",
        "recorded_at = '2020-01-01T00:00:00.000Z'",
        "stream = 'b'",
      ]) {
        other.exec(`BEGIN; UPDATE events SET ${change} WHERE revision = 1`);
        other.exec('COMMIT');
        const [, altered, next] = await store.read('a', 0, 10);
        expect(altered?.hash).not.toBe(before[1]?.hash);
        expect(next?.previousHash).toBe(before[1]?.hash);
        other
          .prepare('UPDATE events SET body = ?, type = ?, recorded_at = ?, stream = ? WHERE revision = 1')
          .run(bodyOf(before[0], before[1]), before[1]?.type, before[1]?.recordedAt, 'a');
      }
      expect((await store.read('a', 0, 10)).map((event) => event.hash)).toEqual(
        before.map((event) => event.hash),
      );
      other.close();
    }),
  );

  it(
    'keeps (stream, revision) unique in the file itself',
    withStore(async (store, file) => {
      await store.append(exampleAppend('a', -1));
      const other = new Database(file);
      const copy = `INSERT INTO events
           SELECT position + 1, stream_id, revision, stream, recorded_at, type, body FROM events`;
      expect(() => other.exec(copy)).toThrow('UNIQUE');
      other.close();
    }),
  );

  it(
    'writes with synchronous FULL into files that only their owner can read',
    withStore(async (store, file) => {
      await store.append(exampleAppend('a', -1));
      const { db } = store as unknown as { db: Connection };
      expect(db.pragma('synchronous', { simple: true })).toBe(2);
      expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
      for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    }),
  );
});

/** The stored text of the second event of a chain. */
function bodyOf(first: { hash: string } | undefined, event: object | undefined): string {
  const { id, schemaVersion, data, correlationId, causationId, partitionKey, actor } = event as Record<
    string,
    unknown
  >;
  const body = {
    id,
    schemaVersion,
    data,
    correlationId,
    causationId,
    partitionKey,
    actor,
    previousHash: first?.hash,
  };
  return JSON.stringify(body);
}
