// Kills a process while it appends: what it acknowledged is there, and what is there is whole.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RecordedEvent } from '@sallyport/engine';
import { lockDataDirectory } from './data-directory.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { SqliteFeed } from './sqlite-feed.js';

const ROUNDS = Number(process.env['SALLYPORT_KILL_ROUNDS'] ?? 5);
const CHILD = resolve('dist/test/tools/append-under-load.js');
const directory = mkdtempSync(join(tmpdir(), 'sallyport-kill-'));
afterAll(() => rmSync(directory, { recursive: true }));

/**
 * Lets the child append until it has printed `lines` acknowledgements, kills it, and returns all it printed.
 */
async function appendAndKill(lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.split('\n').length > lines) child.kill('SIGKILL');
  });
  await closed;
  expect(child.signalCode).toBe('SIGKILL');
  // The last line may have been cut by the kill; what was cut was not acknowledged to anybody.
  return printed.split('\n').slice(0, -1);
}

async function readAll(feed: SqliteFeed): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for (;;) {
    const page = await feed.read(all.at(-1)?.position ?? null, 1_000);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** Positions and times never go back, revisions have no gaps, hashes chain. */
function expectSound(events: readonly RecordedEvent[]): void {
  const heads = new Map<string, RecordedEvent>();
  let last: RecordedEvent | undefined;
  for (const event of events) {
    const before = heads.get(event.stream);
    const sound =
      Number(event.position) > Number(last?.position ?? 0) &&
      event.recordedAt >= (last?.recordedAt ?? '') &&
      event.revision === (before?.revision ?? -1) + 1 &&
      event.previousHash === (event.stream === 'shared' ? undefined : before?.hash);
    if (!sound) throw new Error(`not sound: ${JSON.stringify({ before, last, event })}`);
    heads.set(event.stream, event);
    last = event;
  }
}

describe('a process killed while it appends', () => {
  it(
    `has every acknowledged append in its store, in order and chained, ${ROUNDS} times`,
    async () => {
      expect(existsSync(CHILD)).toBe(true);
      const acknowledged: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        acknowledged.push(...(await appendAndKill(150 + 170 * (round % 5))));
        const lock = lockDataDirectory(directory);
        const store = SqliteEventStore.open({ file: join(directory, 'ledger.sqlite'), clock: Date });
        const events = await readAll(SqliteFeed.of(store));
        await store.close();
        lock.release();
        expectSound(events);
        const stored = new Set(
          events.map(({ position, stream, revision, id }) => `${position} ${stream} ${revision} ${id}`),
        );
        expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
      }
      expect(acknowledged.length).toBeGreaterThan(150 * ROUNDS);
    },
    60_000 + ROUNDS * 5_000,
  );
});
