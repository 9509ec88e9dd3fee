// How fast histories are read again: folds in memory, all views from a ledger's file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteFeed, SqliteViewStore } from '@sallyport/adapter-sqlite';
import { evolveAccount, evolveSession } from '@sallyport/core-session';
import type { AccountEvent, AccountState, SessionEvent, SessionState } from '@sallyport/core-session';
import { projections } from '@sallyport/core-views';
import { replayProjections } from '@sallyport/engine';
import type { Position, RecordedEvent } from '@sallyport/engine';
import { makeLedger } from '../history/made-ledger.js';
import type { Report } from '../report.js';
import { median } from './figures.js';

const aims = { fold: 300_000, rebuild: 30_000 };
const eventsPerSession = 50;
const foldedEvents = 100_000;
const foldRounds = 5;
const pageSize = 5_000;

/** Makes a ledger of so many events at least, and reads it again. */
export async function historyFigures(report: Report, events: number): Promise<void> {
  report.group('history', `${events} events, ${eventsPerSession} a session`);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-history-'));
  const file = join(folder, 'ledger.sqlite');
  try {
    report.say('  making the ledger');
    await makeLedger({ file, events, eventsPerSession, seed: 1 });
    tell(report, { name: 'rebuild of all views', value: await rebuild(folder, file), aim: aims.rebuild });
    tell(report, { name: 'fold in memory', value: await foldRate(file), aim: aims.fold });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tell(
  report: Report,
  of: { readonly name: string; readonly value: number; readonly aim: number },
): void {
  const { name, aim } = of;
  const value = Math.round(of.value);
  report.figure({ name, value, unit: 'events/s', aim: `>= ${aim}`, holds: value >= aim });
}

/** Events a second, from the file to new tables. */
async function rebuild(folder: string, file: string): Promise<number> {
  const feed = SqliteFeed.openReadOnly(file);
  const views = SqliteViewStore.open(join(folder, 'views.sqlite'), 'OFF');
  try {
    const to = (await feed.head()) ?? '0';
    const startedAt = performance.now();
    const replays = projections.map((projection) => ({ projection, to }));
    const events = await replayProjections(replays, { feed, views });
    return (events * 1000) / (performance.now() - startedAt);
  } finally {
    views.close();
    feed.close();
  }
}

/** Events a second, of accounts and sessions, all of them in memory before: the median of a few rounds. */
async function foldRate(file: string): Promise<number> {
  const events = await eventsOf(file);
  fold(events);
  const rates = Array.from({ length: foldRounds }, () => {
    const startedAt = performance.now();
    fold(events);
    return (events.length * 1000) / (performance.now() - startedAt);
  });
  return median(rates);
}

async function eventsOf(file: string): Promise<RecordedEvent[]> {
  const feed = SqliteFeed.openReadOnly(file);
  const events: RecordedEvent[] = [];
  try {
    for (let at: Position | null = null; events.length < foldedEvents; ) {
      const page: readonly RecordedEvent[] = await feed.read(at, pageSize);
      if (page.length === 0) break;
      events.push(...page);
      at = page.at(-1)?.position ?? at;
    }
    return events;
  } finally {
    feed.close();
  }
}

/** State by stream, each event by its own fold and not by the state that it carries. */
function fold(events: readonly RecordedEvent[]): number {
  const sessions = new Map<string, SessionState>();
  const accounts = new Map<string, AccountState>();
  for (const event of events) {
    const { stream, revision } = event;
    if (stream.startsWith('session-')) {
      sessions.set(stream, evolveSession(sessions.get(stream), event as unknown as SessionEvent));
    } else {
      const of = event as unknown as AccountEvent;
      accounts.set(stream, evolveAccount(accounts.get(stream), of, revision));
    }
  }
  return sessions.size + accounts.size;
}
