// What an anchor promises: no byte, no event and no end of what was anchored changes without being told.
import { copyFileSync, mkdtempSync, openSync, closeSync, rmSync, writeSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, SqliteEventReader, SqliteFeed, SqliteLedgerCheck } from '@sallyport/adapter-sqlite';
import { newAnchorKey, signAnchor, verifyLedger } from '@sallyport/feature-auditor';
import type { Findings, SignedAnchor } from '@sallyport/feature-auditor';
import { drawnActs, RandomWorld } from '@sallyport/testing';
import { copyLedger } from '../tools/history/copied-ledger.js';
import { eventCells } from '../tools/history/event-bytes.js';
import { Random } from '../tools/races/random.js';

const sampledBytes = 2_000;
const seed = 20_261_122;
const folder = mkdtempSync(join(tmpdir(), 'sallyport-altered-'));
const original = join(folder, 'ledger.sqlite');
const altered = join(folder, 'altered.sqlite');
let anchor: SignedAnchor;

/** A history of many kinds of events. */
beforeAll(async () => {
  const world = new RandomWorld();
  for (const act of drawnActs(600, seed)) await world.act(act);
  const { events } = world.store.log;
  await copyLedger(events, original);
  const { position, recordedAt, events: count, streams, root } = await audit(original);
  const taken = { position, recordedAt, events: count, streams, root, takenAt: '2026-11-22T12:00:00.000Z' };
  anchor = signAnchor(taken, newAnchorKey());
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function audit(file: string, against?: SignedAnchor): Promise<Findings> {
  const feed = SqliteFeed.openReadOnly(file);
  const store = SqliteEventReader.openReadOnly(file);
  const files = SqliteLedgerCheck.openReadOnly(file);
  try {
    return await verifyLedger({ feed, store, files }, { anchor: against });
  } finally {
    for (const one of [feed, store, files]) one.close();
  }
}

/** A copy whose events somebody with all rights changes. */
function alter(change: (db: InstanceType<typeof Database>) => void): void {
  copyFileSync(original, altered);
  const db = new Database(altered);
  db.exec('DROP TRIGGER events_stay; DROP TRIGGER events_keep;');
  change(db);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

describe('a ledger that was anchored', () => {
  it('holds as long as nobody touches it', async () => {
    const { problems, events } = await audit(original, anchor);
    expect(problems).toEqual([]);
    expect(events).toBeGreaterThan(150);
  });

  it(`tells of a change to any of ${sampledBytes} bytes of its events`, async () => {
    const random = new Random(seed);
    const cells = eventCells(original);
    expect(cells.map(({ position }) => position)).toEqual(cells.map((_, at) => at + 1));
    const offsets = cells.flatMap(({ start, end }) => {
      return Array.from({ length: end - start }, (_, at) => start + at);
    });
    const unread = new Set(cells.map((cell) => cell.unread));
    const bytes = readFileSync(original);
    const unseen: number[] = [];
    copyFileSync(original, altered);
    const file = openSync(altered, 'r+');
    for (let sampled = 0; sampled < sampledBytes; sampled += 1) {
      const offset = random.pick(offsets);
      const was = bytes[offset] ?? 0;
      writeSync(file, Buffer.of(was ^ (1 + random.below(255))), 0, 1, offset);
      const { problemCount } = await audit(altered, anchor);
      if (problemCount === 0) unseen.push(offset);
      writeSync(file, Buffer.of(was), 0, 1, offset);
    }
    closeSync(file);
    // What nobody reads is no part of any event, whatever it says.
    expect(unseen.filter((offset) => !unread.has(offset))).toEqual([]);
    expect((await audit(altered, anchor)).problems).toEqual([]);
  }, 240_000);

  it('tells of the removal of any event, with and without the gap that it leaves', async () => {
    const unseen: string[] = [];
    for (let position = 1; position <= Number(anchor.position); position += 1) {
      alter((db) => db.prepare('DELETE FROM events WHERE position = ?').run(position));
      if ((await audit(altered, anchor)).problemCount === 0) unseen.push(`${position} removed`);
      alter((db) => removeWithoutTrace(db, position));
      if ((await audit(altered, anchor)).problemCount === 0) unseen.push(`${position} closed up`);
    }
    expect(unseen).toEqual([]);
  }, 240_000);

  it('tells that its end was cut off, and that something else was written in its place', async () => {
    const unseen: number[] = [];
    for (let last = 0; last < Number(anchor.position); last += 7) {
      alter((db) => {
        db.prepare('DELETE FROM events WHERE position > ?').run(last);
        db.prepare('DELETE FROM heads WHERE stream_id > ?').run(last);
      });
      const { problems } = await audit(altered, anchor);
      const gone = `no event at position ${anchor.position}`;
      if (!problems.some((problem) => problem.includes(gone))) unseen.push(last);
    }
    expect(unseen).toEqual([]);
    alter((db) => {
      db.prepare('DELETE FROM events WHERE position = ?').run(Number(anchor.position));
      db.exec(`INSERT INTO events
        SELECT position + 1, stream_id, revision + 1, stream, recorded_at, type, body
        FROM events ORDER BY position DESC LIMIT 1`);
    });
    expect((await audit(altered, anchor)).problemCount).toBeGreaterThan(0);
  }, 240_000);
});

/** Moves all later positions and revisions down by one, as if the event had never been. */
function removeWithoutTrace(db: InstanceType<typeof Database>, position: number): void {
  const find = db.prepare('SELECT stream_id AS streamId, stream, revision FROM events WHERE position = ?');
  const gone = find.get(position) as { streamId: number; stream: string; revision: number };
  db.prepare('DELETE FROM events WHERE position = ?').run(position);
  db.prepare('UPDATE events SET revision = -revision WHERE stream_id = ? AND revision > ?').run(
    gone.streamId,
    gone.revision,
  );
  db.prepare('UPDATE events SET revision = -revision - 1 WHERE revision < 0').run();
  const later = db.prepare('SELECT position FROM events WHERE position > ? ORDER BY position').pluck();
  const move = db.prepare('UPDATE events SET position = position - 1 WHERE position = ?');
  for (const at of later.all(position) as number[]) move.run(at);
  db.exec(`UPDATE events
    SET stream_id = -(SELECT min(e.position) FROM events e WHERE e.stream = events.stream)`);
  db.exec('UPDATE events SET stream_id = -stream_id');
  db.exec('DELETE FROM heads');
  db.exec('INSERT INTO heads SELECT stream, min(position) FROM events GROUP BY stream');
}
