// The stores of a race's processes: the file itself, or the file behind the protocol of EventStoreDB.
import { EventStoreDbConnection, EventStoreDbEventStore } from '@sallyport/adapter-eventstoredb';
import { EventStoreDbFeed } from '@sallyport/adapter-eventstoredb';
import { SqliteFeed } from '@sallyport/adapter-sqlite';
import type { EventStore, Feed } from '@sallyport/engine';
import { EventStoreDouble } from '../eventstore-double/eventstore-double.js';
import type { Ground } from '../model/local-service.js';
import type { Random } from './random.js';

export interface Stores {
  /** One for each process; the same one where they share the file. */
  readonly of: readonly EventStore[];
  readonly feed: Feed;
  /** The ground stays open. */
  close(): Promise<void>;
}

export async function sharedFile(ground: Ground, processes: number): Promise<Stores> {
  const of = Array.from({ length: processes }, () => ground.store);
  return { of, feed: SqliteFeed.of(ground.store), close: () => Promise.resolve() };
}

/** Each process with a client of its own to one wire double, which lets others overtake after each commit. */
export async function behindTheWire(ground: Ground, processes: number, random: Random): Promise<Stores> {
  const double = await EventStoreDouble.start({ store: ground.store, feed: SqliteFeed.of(ground.store) });
  double.faults.afterCommit = () => random.pause();
  const connections = Array.from({ length: processes }, () =>
    EventStoreDbConnection.to({ url: double.url, clock: ground.clock }),
  );
  const feed = new EventStoreDbFeed(connections[0] as EventStoreDbConnection);
  const close = async () => {
    feed.close();
    for (const connection of connections) await connection.close();
    await double.stop();
  };
  return { of: connections.map((connection) => new EventStoreDbEventStore(connection)), feed, close };
}
