// What the ledger says happened, read beside the service: from its data directory, or from the event store.
import { join } from 'node:path';
import {
  EventStoreDbConnection,
  EventStoreDbEventStore,
  EventStoreDbFeed,
} from '@sallyport/adapter-eventstoredb';
import { SqliteEventReader, SqliteFeed } from '@sallyport/adapter-sqlite';
import type { RecordedEvent } from '@sallyport/engine';

const maxEvents = 10_000;

export class LedgerView {
  protected constructor(protected readonly place: string) {}

  static of(dataDir: string): LedgerView {
    return new LedgerView(join(dataDir, 'ledger.sqlite'));
  }

  /** Of several machines: the address as `SALLYPORT_EVENTSTORE_URL` has it. */
  static at(url: string): LedgerView {
    return new StoreLedgerView(url);
  }

  /** The events of a stream in order; none for an unknown one. */
  async events(stream: string): Promise<RecordedEvent[]> {
    const reader = SqliteEventReader.openReadOnly(this.place);
    try {
      return await reader.read(stream, 0, maxEvents);
    } finally {
      reader.close();
    }
  }

  /** The first events of all streams, in the order of the store. */
  async all(): Promise<readonly RecordedEvent[]> {
    const feed = SqliteFeed.openReadOnly(this.place);
    try {
      return await feed.read('0', maxEvents);
    } finally {
      await feed.close();
    }
  }

  /** The position of the last event; `0` before the first. */
  async head(): Promise<string> {
    const feed = SqliteFeed.openReadOnly(this.place);
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

class StoreLedgerView extends LedgerView {
  override events(stream: string): Promise<RecordedEvent[]> {
    return this.connected((connection) => new EventStoreDbEventStore(connection).read(stream, 0, maxEvents));
  }

  override all(): Promise<readonly RecordedEvent[]> {
    return this.connected(async (connection) => {
      const feed = new EventStoreDbFeed(connection);
      return feed.read(null, maxEvents).finally(() => feed.close());
    });
  }

  override head(): Promise<string> {
    return this.connected(async (connection) => {
      const feed = new EventStoreDbFeed(connection);
      return (await feed.head().finally(() => feed.close())) ?? '0';
    });
  }

  private async connected<T>(work: (connection: EventStoreDbConnection) => Promise<T>): Promise<T> {
    const connection = EventStoreDbConnection.to({ url: this.place, clock: { now: () => Date.now() } });
    return work(connection).finally(() => connection.close());
  }
}

function shortName(type: string): string {
  return type.slice(type.indexOf('.') + 1);
}
