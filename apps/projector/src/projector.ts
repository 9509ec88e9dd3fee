// The projector: events of the bus become rows of the views and records of the topic of standings, each once.
import { EventStoreDbConnection, EventStoreDbFeed } from '@sallyport/adapter-eventstoredb';
import { busPrefixes, busTopics, KafkaBus, standingPrefix } from '@sallyport/adapter-kafka';
import { PostgresStores } from '@sallyport/adapter-postgres';
import { ConsumerRunner } from '@sallyport/engine';
import { consumerMetrics, SystemClock } from '@sallyport/feature-operations';
import type { ServiceLog, Work } from '@sallyport/feature-operations';
import { StandingWriter } from '@sallyport/feature-standing';
import type { Registry } from 'prom-client';
import type { Config } from './config.js';
import { standingMetrics } from './standing-metrics.js';
import { viewsWork } from './views-work.js';

/** Rejects with `store_unavailable` while the database is away. */
export async function openProjector(
  { config, log }: { readonly config: Config; readonly log: ServiceLog },
  registry: Registry,
): Promise<Work> {
  const stores = await PostgresStores.open(config.postgres);
  const clock = new SystemClock();
  const connection = EventStoreDbConnection.to({ url: config.eventStoreUrl, clock });
  const feed = new EventStoreDbFeed(connection);
  const bus = new KafkaBus({
    ...config.kafka,
    clientId: busPrefixes.projector,
    log: (level, message, about) => log[level === 'info' ? 'debug' : level]({ msg: message, ...about }),
  });
  const runner = new ConsumerRunner({
    work: viewsWork(stores.views),
    ports: {
      bus,
      checkpoints: stores.consumers,
      views: stores.views,
      clock,
      head: () => feed.head(),
    },
    settings: {
      topic: busTopics.events,
      group: `${busPrefixes.projector}-views`,
      deadLetters: busTopics.deadLetters,
      failed: (error) => log.warn({ msg: 'the views wait', error }),
    },
    observer: consumerMetrics('views', registry),
  });
  const standing = new StandingWriter(
    { bus, ledger: feed, clock },
    {
      topics: busTopics,
      group: `${busPrefixes.projector}-standing`,
      name: standingPrefix,
      failed: (error) => log.warn({ msg: 'the standings wait', error }),
    },
    standingMetrics(registry, clock),
  );
  return {
    checks: [{ name: 'database', check: () => stores.database.check() }],
    run: async (signal) => {
      await Promise.all([runner.run(signal), standing.run(signal)]);
    },
    close: async () => {
      await bus.close();
      feed.close();
      await connection.close();
      await stores.close();
    },
  };
}
