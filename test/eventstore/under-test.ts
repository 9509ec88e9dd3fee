// The adapter on a double of EventStoreDB over SQLite, as the specs of this folder share it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDbConnection, EventStoreDbEventStore } from '@sallyport/adapter-eventstoredb';
import { EventStoreDbFeed, type ConnectionOptions } from '@sallyport/adapter-eventstoredb';
import { SqliteEventStore, SqliteFeed } from '@sallyport/adapter-sqlite';
import type { Clock } from '@sallyport/engine';
import { SteppingClock, type StoreUnderTest } from '@sallyport/testing';
import { EventStoreDouble } from '../tools/eventstore-double/eventstore-double.js';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-wire-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;

export interface Wired extends StoreUnderTest {
  readonly store: EventStoreDbEventStore;
  readonly feed: EventStoreDbFeed;
  readonly connection: EventStoreDbConnection;
  readonly double: EventStoreDouble;
  /** What the double keeps its events in. */
  readonly behind: SqliteEventStore;
  /** Another process on the same store. */
  another(options?: Partial<ConnectionOptions>): Client;
  reopen(): Promise<Wired>;
}

export interface Client {
  readonly store: EventStoreDbEventStore;
  readonly feed: EventStoreDbFeed;
  readonly connection: EventStoreDbConnection;
}

/** A double on a free port with an empty file, and a client of it. */
export function wire(clock: Clock, options: Partial<ConnectionOptions> = {}): Promise<Wired> {
  return open(clock, join(directory, `ledger-${(files += 1)}.sqlite`), options);
}

async function open(clock: Clock, file: string, options: Partial<ConnectionOptions>): Promise<Wired> {
  const behind = SqliteEventStore.open({ file, clock, synchronous: 'OFF' });
  const double = await EventStoreDouble.start({ store: behind, feed: SqliteFeed.of(behind) });
  const clients: Client[] = [];
  const another = (more: Partial<ConnectionOptions> = {}) => {
    const client = connect({ url: double.url, clock, ...options, ...more });
    clients.push(client);
    return client;
  };
  const own = another();
  const close = async () => {
    for (const { feed, connection } of clients) {
      feed.close();
      await connection.close();
    }
    await double.stop();
    await behind.close();
  };
  const reopen = () => close().then(() => open(clock, file, options));
  return { ...own, double, behind, another, close, reopen };
}

export function connect(options: ConnectionOptions): Client {
  const connection = EventStoreDbConnection.to(options);
  const feed = new EventStoreDbFeed(connection, { backoffMs: 5, maxBackoffMs: 50, confirmWithinMs: 300 });
  return { connection, store: new EventStoreDbEventStore(connection), feed };
}

export interface TwoNodes extends Client {
  /** The one that is connected to, and the one it can name as the leader: one log, two servers. */
  readonly follower: EventStoreDouble;
  readonly leader: EventStoreDouble;
  readonly behind: SqliteEventStore;
  readonly clock: Clock;
}

/** Runs a test on two doubles over one store. */
export function twoNodes(test: (nodes: TwoNodes) => Promise<void>): () => Promise<void> {
  return async () => {
    const clock = new SteppingClock();
    const file = join(directory, `ledger-${(files += 1)}.sqlite`);
    const behind = SqliteEventStore.open({ file, clock, synchronous: 'OFF' });
    const start = () => EventStoreDouble.start({ store: behind, feed: SqliteFeed.of(behind) });
    const [follower, leader] = [await start(), await start()];
    const client = connect({ url: follower.url, clock });
    try {
      await test({ ...client, follower, leader, behind, clock });
    } finally {
      client.feed.close();
      await client.connection.close();
      await Promise.all([follower.stop(), leader.stop()]);
      await behind.close();
    }
  };
}

/** Where a double is, as its likes name it. */
export const hereAt = ({ port }: EventStoreDouble) => ({ host: '127.0.0.1', port });

/** Asks again while the store is away. */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 40) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Waits for at most five seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 500; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(holds()).toBe(true);
}
