// The anomaly consumer: events of the bus are judged by the rules; what they decide is ordered of the ledger.
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import {
  EventStoreDbConnection,
  EventStoreDbEventStore,
  EventStoreDbFeed,
} from '@sallyport/adapter-eventstoredb';
import { countryPlaces } from '@sallyport/adapter-geoip';
import { busPrefixes, busTopics, KafkaBus } from '@sallyport/adapter-kafka';
import { PostgresStores } from '@sallyport/adapter-postgres';
import type { Clock } from '@sallyport/engine';
import {
  AnomalyMetrics,
  BusRules,
  crowdsConsumer,
  DecisionSender,
  Enforcement,
  RuleActivation,
  rulesProjection,
  RulesWatch,
} from '@sallyport/feature-anomaly';
import type { BusRulesPorts, BusRulesServices, BusRulesSettings } from '@sallyport/feature-anomaly';
import { consumerMetrics, MovableClock, SystemClock } from '@sallyport/feature-operations';
import type { ServiceLog, Work } from '@sallyport/feature-operations';
import type { Registry } from 'prom-client';
import { AnomalyAppModule } from './anomaly-app.module.js';
import type { Config } from './config.js';

interface Given {
  readonly config: Config;
  readonly log: ServiceLog;
}

/** Rejects with an `EngineError` while a store or the bus is away: nothing is open then. */
export async function openAnomaly({ config, log }: Given, registry: Registry): Promise<Work> {
  const clock = clockOf(config.testClockFile);
  const stores = await PostgresStores.open(config.postgres);
  const connection = EventStoreDbConnection.to({ url: config.eventStoreUrl, clock });
  const store = new EventStoreDbEventStore(connection);
  const feed = new EventStoreDbFeed(connection);
  const bus = new KafkaBus({
    ...config.kafka,
    clientId: busPrefixes.anomaly,
    log: (level, message, about) => log[level === 'info' ? 'debug' : level]({ msg: message, ...about }),
  });
  const { views, consumers: checkpoints } = stores;
  const ports: BusRulesPorts = { bus, checkpoints, views, feed, store, clock, countryPlaces };
  const parts = { rules: config.rules, store, views, clock, registry };
  const before = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  const app = await NestFactory.createApplicationContext(AnomalyAppModule.of(parts), { logger: log });
  const close = async (): Promise<void> => {
    await app.close();
    await bus.close();
    feed.close();
    await connection.close();
    await stores.close();
  };
  const opening = BusRules.open({ ports, services: servicesOf(app), settings: settingsOf(log, registry) });
  const rules = await opening.catch(async (error: unknown) => {
    await close();
    // The next try makes them anew.
    for (const { name } of registry.getMetricsAsArray()) {
      if (!before.has(name)) registry.removeSingleMetric(name);
    }
    throw error;
  });
  const answers = async (): Promise<undefined> => {
    await store.heads(['rules']);
  };
  return {
    checks: [
      { name: 'database', check: () => stores.database.check() },
      { name: 'store', check: answers },
    ],
    run: (signal) => rules.run(signal),
    close,
  };
}

function clockOf(file: string | undefined): Clock {
  return file === undefined ? new SystemClock() : new MovableClock(file, { isShared: true });
}

function servicesOf(app: INestApplicationContext): BusRulesServices {
  return {
    sender: app.get(DecisionSender),
    enforcement: app.get(Enforcement),
    activation: app.get(RuleActivation),
    watch: app.get(RulesWatch),
    metrics: app.get(AnomalyMetrics),
  };
}

function settingsOf(log: ServiceLog, registry: Registry): BusRulesSettings {
  const { events, network, deadLetters } = busTopics;
  const count = (consumer: string) => consumerMetrics(consumer, registry);
  return {
    topics: { events, network, deadLetters },
    groups: busPrefixes.anomaly,
    observers: { accounts: count(rulesProjection.name), crowds: count(crowdsConsumer.name) },
    failed: (error) => log.warn({ msg: 'the rules wait', error }),
    fault: (accountId, position, error) => {
      log.error({ msg: 'what an account said of others could not be judged', accountId, position, error });
    },
  };
}
