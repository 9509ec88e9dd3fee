// A process to be killed: appends without pause and prints each append the moment it was acknowledged.
// Usage: node dist/test/tools/append-under-load.js <data directory>
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDirectory, SqliteEventStore } from '@sallyport/adapter-sqlite';
import type { EventDraft, EventStore } from '@sallyport/engine';

const WRITERS = 24;

function draft(text: string): EventDraft {
  return {
    id: randomUUID(),
    type: 'example.happened',
    schemaVersion: 1,
    data: { text },
    correlationId: 'load',
    causationId: 'load',
    partitionKey: 'load',
    actor: { kind: 'system' },
  };
}

/** Writer n appends to its own stream, guarded by the shared one, to which all append at any revision. */
async function write(store: EventStore, writer: number): Promise<never> {
  const stream = `writer-${writer}`;
  let [revision, shared] = (await store.heads([stream, 'shared'])) as [number, number];
  for (;;) {
    const events = Array.from({ length: 1 + (writer % 3) }, () => draft('x'.repeat(300)));
    const guards = writer % 2 === 0 ? [{ stream: 'shared', revision: shared }] : [];
    const appended = await store
      .append({ stream, expected: revision, events, guards })
      .catch(() => undefined);
    if (appended !== undefined) {
      revision = appended.revision;
      acknowledge(stream, events.at(-1)?.id, appended);
    }
    if (writer % 5 === 0) {
      const event = draft('any');
      acknowledge(
        'shared',
        event.id,
        await store.append({ stream: 'shared', expected: 'any', events: [event], guards: [] }),
      );
    }
    [shared] = (await store.heads(['shared'])) as [number];
  }
}

function acknowledge(
  stream: string,
  id: string | undefined,
  at: { position: string; revision: number },
): void {
  writeSync(1, `${at.position} ${stream} ${at.revision} ${id}\n`);
}

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('name a data directory');
lockDataDirectory(directory);
const store = SqliteEventStore.open({ file: join(directory, 'ledger.sqlite'), clock: Date });
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(store, writer)));
