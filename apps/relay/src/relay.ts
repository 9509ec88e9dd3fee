// The relay as a process: the store's feed to the bus, while it has the lease.
import { hostname } from 'node:os';
import {
  EventStoreDbConnection,
  EventStoreDbEventStore,
  EventStoreDbFeed,
} from '@sallyport/adapter-eventstoredb';
import { busPrefixes, busTopics, KafkaBus } from '@sallyport/adapter-kafka';
import { PostgresStores } from '@sallyport/adapter-postgres';
import { SystemClock } from '@sallyport/feature-operations';
import type { ServiceLog, Work } from '@sallyport/feature-operations';
import { Relay } from '@sallyport/feature-relay';
import type { Registry } from 'prom-client';
import { AlwaysLease } from './always-lease.js';
import type { Config } from './config.js';
import { relayMetrics } from './relay-metrics.js';

/** Rejects with `store_unavailable` while a store is away. */
export async function openRelay(
  { config, log }: { readonly config: Config; readonly log: ServiceLog },
  registry: Registry,
): Promise<Work> {
  const clock = new SystemClock();
  const stores = await PostgresStores.open(config.postgres);
  const connection = EventStoreDbConnection.to({ url: config.eventStoreUrl, clock });
  const store = new EventStoreDbEventStore(connection);
  const feed = new EventStoreDbFeed(connection);
  const bus = new KafkaBus({
    ...config.kafka,
    clientId: busPrefixes.relay,
    log: (level, message, about) => log[level === 'info' ? 'debug' : level]({ msg: message, ...about }),
  });
  const leases = config.alwaysLeads ? new AlwaysLease() : stores.leases;
  const settings = {
    name: busPrefixes.relay,
    holder: `${hostname()}/${process.pid}`,
    source: config.issuer,
    topics: { events: busTopics.events, network: busTopics.network },
    leaseTtlMs: config.leaseSeconds * 1000,
  };
  const relay = new Relay({ feed, store, bus, leases, clock }, settings, relayMetrics(registry, log));
  return {
    checks: [{ name: 'database', check: () => stores.database.check() }],
    run: (signal) => relay.run(signal),
    close: async () => {
      await bus.close();
      feed.close();
      await connection.close();
      await stores.close();
    },
  };
}
