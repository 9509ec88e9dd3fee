// What the ledger says happened, read beside the service from its data directory.
import { join } from 'node:path';
import { SqliteEventReader, SqliteFeed } from '@sallyport/adapter-sqlite';
import type { RecordedEvent } from '@sallyport/engine';

const maxEvents = 10_000;

export class LedgerView {
  constructor(private readonly file: string) {}

  static of(dataDir: string): LedgerView {
    return new LedgerView(join(dataDir, 'ledger.sqlite'));
  }

  /** The events of a stream in order; none for an unknown one. */
  async events(stream: string): Promise<RecordedEvent[]> {
    const reader = SqliteEventReader.openReadOnly(this.file);
    try {
      return await reader.read(stream, 0, maxEvents);
    } finally {
      reader.close();
    }
  }

  /** The first events of all streams, in the order of the store. */
  async all(): Promise<readonly RecordedEvent[]> {
    const feed = SqliteFeed.openReadOnly(this.file);
    try {
      return await feed.read('0', maxEvents);
    } finally {
      await feed.close();
    }
  }

  /** The position of the last event; `0` before the first. */
  async head(): Promise<string> {
    const feed = SqliteFeed.openReadOnly(this.file);
    try {
      return (await feed.head()) ?? '0';
    } finally {
      await feed.close();
    }
  }

  /** A stream in short: each type without its stream's prefix, with its cause where it has one. */
  async history(stream: string): Promise<string[]> {
    return (await this.events(stream)).map(({ type, data }) => {
      const cause = data['cause'];
      return typeof cause === 'string' ? `${shortName(type)}(${cause})` : shortName(type);
    });
  }
}

function shortName(type: string): string {
  return type.slice(type.indexOf('.') + 1);
}
