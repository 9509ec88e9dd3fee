// What all replicas share, opened before anything is served: the event store, the database, the ring of keys.
import {
  EventStoreDbConnection,
  EventStoreDbEventStore,
  EventStoreDbFeed,
} from '@sallyport/adapter-eventstoredb';
import { PostgresStores } from '@sallyport/adapter-postgres';
import type { Clock, Ids } from '@sallyport/engine';
import type { ServiceLog } from '@sallyport/feature-operations';
import { KeyRing } from '@sallyport/tokens';
import { Gauge, type Registry } from 'prom-client';
import type { Config } from './config.js';

/** Above the second between two readings of the ring, so that all know a key before it is used. */
const publishAheadMs = 3_000;
const readRingEveryMs = 1_000;

export interface SharedParts {
  readonly connection: EventStoreDbConnection;
  readonly events: EventStoreDbEventStore;
  readonly feed: EventStoreDbFeed;
  readonly database: PostgresStores;
  readonly ring: KeyRing;
}

/** What the stores are opened with. */
export interface Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Rejects with `store_unavailable` while one of them is away: nothing is open then, try again. */
export async function openShared({ config, clock, ids }: Surroundings): Promise<SharedParts> {
  const connection = EventStoreDbConnection.to({ url: config.eventStoreUrl, clock });
  const events = new EventStoreDbEventStore(connection);
  const feed = new EventStoreDbFeed(connection);
  let database: PostgresStores | undefined;
  try {
    await events.heads(['keys']);
    database = await PostgresStores.open(config.postgres);
    const longestSeconds = Math.max(...config.clients.map(({ absoluteSeconds }) => absoluteSeconds));
    const keepRefreshKeysMs = longestSeconds * 1000;
    const { masterKey: master, issuer } = config;
    const of = { store: database.secrets, master, ids, clock, issuer };
    const ring = new KeyRing({ ...of, keepRefreshKeysMs, publishAheadMs });
    await ring.load();
    return { connection, events, feed, database, ring };
  } catch (error) {
    await closeShared({ connection, feed, database });
    throw error;
  }
}

export async function closeShared(
  parts: Pick<SharedParts, 'connection' | 'feed'> & { readonly database?: PostgresStores },
): Promise<void> {
  parts.feed.close();
  await parts.connection.close();
  await parts.database?.close();
}

/** What reading the ring takes and tells. */
export interface RingReading {
  readonly log: ServiceLog;
  readonly registry: Registry;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Reads the ring each second: what another replica made, changed or retired is known here before it is in
 * use.
 */
export function keepRingRead(ring: KeyRing, { log, registry, signal }: RingReading): void {
  let isStale = false;
  let readAtMs = performance.now();
  new Gauge({
    name: 'sallyport_key_ring_age_seconds',
    help: 'Time since the ring of keys was read from the database',
    registers: [registry],
    collect() {
      this.set((performance.now() - readAtMs) / 1000);
    },
  });
  const wasRead = (): void => {
    isStale = false;
    readAtMs = performance.now();
  };
  const timer = setInterval(() => {
    ring.reload().then(wasRead, (error: unknown) => {
      if (!isStale) log.warn({ msg: 'the ring of keys cannot be read; the one in memory stays', error });
      isStale = true;
    });
  }, readRingEveryMs).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
