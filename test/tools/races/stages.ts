// Where races are run: on one file, behind the protocol of EventStoreDB, or as processes of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDbConnection, EventStoreDbEventStore } from '@sallyport/adapter-eventstoredb';
import { EventStoreDbFeed } from '@sallyport/adapter-eventstoredb';
import { SqliteFeed } from '@sallyport/adapter-sqlite';
import type { EventStore, Feed } from '@sallyport/engine';
import { SystemIds } from '@sallyport/feature-operations';
import { newMasterKeyText } from '@sallyport/tokens';
import { PostgresServer } from '../../engines/postgres.js';
import { EventStoreDouble } from '../eventstore-double/eventstore-double.js';
import { startDouble } from '../eventstore-double/process.js';
import { LocalService, openGround, type Ground } from '../model/local-service.js';
import type { Random } from './random.js';
import type { RacingService } from './racing-service.js';
import { RacingStore, type Faults } from './racing-store.js';
import { RemoteService } from './remote-service.js';

export interface StageOptions {
  readonly processes: number;
  readonly faults: Faults;
  readonly random: Random;
}

export interface Stage {
  readonly services: readonly RacingService[];
  /** For who looks at the ledger himself. */
  readonly store: RacingStore;
  readonly feed: Feed;
  close(): Promise<void>;
}

export type MakeStage = (options: StageOptions) => Promise<Stage>;

/** Services of this process that share the file itself. */
export const onSharedFile: MakeStage = (options) =>
  inThisProcess(options, (ground) => {
    const of = Array.from({ length: options.processes }, () => ground.store);
    return Promise.resolve({ of, feed: SqliteFeed.of(ground.store), close: () => Promise.resolve() });
  });

/** Each with a client of its own to one wire double, which lets others overtake after each commit. */
export const behindTheWire: MakeStage = (options) =>
  inThisProcess(options, async (ground) => {
    const double = await EventStoreDouble.start({ store: ground.store, feed: SqliteFeed.of(ground.store) });
    double.faults.afterCommit = () => options.random.pause();
    const connections = Array.from({ length: options.processes }, () =>
      EventStoreDbConnection.to({ url: double.url, clock: ground.clock }),
    );
    const feed = new EventStoreDbFeed(connections[0] as EventStoreDbConnection);
    const close = async () => {
      feed.close();
      for (const connection of connections) await connection.close();
      await double.stop();
    };
    return { of: connections.map((connection) => new EventStoreDbEventStore(connection)), feed, close };
  });

/** Processes of the operating system, on a wire double in another one and on a PostgreSQL. */
export const acrossProcesses: MakeStage = async ({ processes, faults, random }) => {
  RacingStore.useMachineTime();
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-races-'));
  const double = await startDouble({ dataDir: directory, synchronous: 'OFF' });
  const postgres = await PostgresServer.start();
  const connection = EventStoreDbConnection.to({ url: double.url, clock: { now: () => Date.now() } });
  const feed = new EventStoreDbFeed(connection);
  const services: RemoteService[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop()));
    feed.close();
    await connection.close();
    await Promise.all([double.stop(), postgres.dispose()]);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const postgresUrl = await postgres.createDatabase();
    const masterKeyText = newMasterKeyText(new SystemIds());
    const shared = { eventStoreUrl: double.url, postgresUrl, masterKeyText, faults };
    while (services.length < processes) {
      services.push(await RemoteService.start({ ...shared, seed: random.below(2 ** 31) }));
    }
    return { services, store: new RacingStore(new EventStoreDbEventStore(connection), random), feed, close };
  } catch (error) {
    await close();
    throw error;
  }
};

interface Stores {
  /** One for each service; the same one where they share the file. */
  readonly of: readonly EventStore[];
  readonly feed: Feed;
  /** The ground stays open. */
  close(): Promise<void>;
}

async function inThisProcess(
  { faults, random }: StageOptions,
  make: (ground: Ground) => Promise<Stores>,
): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-races-'));
  const ground = openGround(directory, { synchronous: 'OFF' });
  const behind = await make(ground);
  const stores = behind.of.map((store) => new RacingStore(store, random, faults));
  const services: LocalService[] = [];
  const close = async (): Promise<void> => {
    for (const service of services) await service.stop();
    await behind.close();
    await ground.store.close();
    await ground.secrets.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (const own of stores) services.push(await LocalService.start(ground, own));
    return { services, store: stores[0] as RacingStore, feed: behind.feed, close };
  } catch (error) {
    await close();
    throw error;
  }
}
