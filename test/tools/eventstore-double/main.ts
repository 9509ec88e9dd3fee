// Runs the double of EventStoreDB as a process of its own, over an SQLite file. Not EventStoreDB.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SqliteEventStore, SqliteFeed } from '@sallyport/adapter-sqlite';
import { MovableClock, SystemClock } from '@sallyport/feature-operations';
import { runTool } from '../command-line.js';
import { EventStoreDouble } from './eventstore-double.js';

const help = `node dist/test/tools/eventstore-double/main.js --data-dir DIR [options]
  --data-dir DIR      keeps its events in DIR/wire-double.sqlite
  --port N            port on 127.0.0.1 (2113; 0 for a free one)
  --synchronous MODE  FULL, NORMAL or OFF, as SQLite takes it (FULL)
  --clock-file FILE   a clock that other processes move, as SALLYPORT_TEST_CLOCK_FILE
  --help

A double for tests: it speaks the protocol of EventStoreDB to its real client, and is not EventStoreDB. One
node, no cluster, no users that are checked, no encryption. Never keep anything in it that is needed.
`;

await runTool({ help, readOptions, run });

async function run(values: ReturnType<typeof readOptions>): Promise<number> {
  const directory = values['data-dir'] ?? '.';
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'wire-double.sqlite');
  const clockFile = values['clock-file'];
  const clock = clockFile === undefined ? new SystemClock() : new MovableClock(clockFile, { isShared: true });
  const store = SqliteEventStore.open({ file, clock, synchronous: modeOf(values.synchronous) });
  const port = Number(values.port);
  const double = await EventStoreDouble.start({ store, feed: SqliteFeed.of(store), port });
  process.stdout.write(`wire double of EventStoreDB, for tests only, at ${double.url}\n`);
  await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
  await double.stop();
  await store.close();
  return 0;
}

function modeOf(text: string): 'FULL' | 'NORMAL' | 'OFF' {
  if (text === 'FULL' || text === 'NORMAL' || text === 'OFF') return text;
  throw new RangeError('--synchronous is FULL, NORMAL or OFF');
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      'data-dir': { type: 'string' },
      port: { type: 'string', default: '2113' },
      synchronous: { type: 'string', default: 'FULL' },
      'clock-file': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  modeOf(values.synchronous);
  if (values['data-dir'] === undefined && !values.help) throw new Error('--data-dir is missing');
  return values;
}
