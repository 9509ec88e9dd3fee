// What a consumer of the bus counts: how far it is, and what it set aside.
import type { ConsumerObserver } from '@sallyport/engine';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Told by a consumer of that name; consumers of one process share a registry. */
export function consumerMetrics(consumer: string, registry: Registry): ConsumerObserver {
  const { events, lag, age, parked, letters, stopped } = metricsIn(registry);
  return {
    handled: ({ partition, events: count, lagEvents, lagMs }) => {
      events.inc({ consumer, partition }, count);
      lag.set({ consumer, partition }, lagEvents);
      age.set({ consumer, partition }, lagMs / 1000);
    },
    parked: (partition, keys) => parked.set({ consumer, partition }, keys.length),
    deadLettered: (_record, reason) => letters.inc({ consumer, reason }),
    stopped: (isStopped) => stopped.set({ consumer }, isStopped ? 1 : 0),
  };
}

type ConsumerMetrics = ReturnType<typeof makeMetrics>;

const made = new WeakMap<Registry, ConsumerMetrics>();

function metricsIn(registry: Registry): ConsumerMetrics {
  const metrics = made.get(registry) ?? makeMetrics(registry);
  made.set(registry, metrics);
  return metrics;
}

function makeMetrics(registry: Registry) {
  const registers = [registry];
  const ofPartition = ['consumer', 'partition'] as const;
  const events = new Counter({
    name: 'sallyport_consumer_events_total',
    help: 'Events of the bus that were handled',
    labelNames: ofPartition,
    registers,
  });
  const lag = new Gauge({
    name: 'sallyport_consumer_lag_events',
    help: 'Records of the partition that were still to come after the latest batch',
    labelNames: ofPartition,
    registers,
  });
  const age = new Gauge({
    name: 'sallyport_consumer_lag_seconds',
    help: 'Age of the last event of the latest batch when it was handled',
    labelNames: ofPartition,
    registers,
  });
  const parked = new Gauge({
    name: 'sallyport_consumer_parked',
    help: 'Accounts whose records are set aside',
    labelNames: ofPartition,
    registers,
  });
  const letters = new Counter({
    name: 'sallyport_dead_letters_total',
    help: 'Records that could not be handled, by reason',
    labelNames: ['consumer', 'reason'],
    registers,
  });
  const stopped = new Gauge({
    name: 'sallyport_consumer_stopped',
    help: '1 while so many accounts are set aside that nothing is handled',
    labelNames: ['consumer'],
    registers,
  });
  return { events, lag, age, parked, letters, stopped };
}
