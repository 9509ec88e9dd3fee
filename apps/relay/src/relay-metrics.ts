// What the relay counts and logs: whether it leads, how far it is, how long a transaction takes.
import type { ServiceLog } from '@sallyport/feature-operations';
import type { RelayObserver } from '@sallyport/feature-relay';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export function relayMetrics(registry: Registry, log: ServiceLog): RelayObserver {
  const registers = [registry];
  const leading = new Gauge({
    name: 'sallyport_relay_leading',
    help: '1 while this relay has the lease and publishes',
    registers,
  });
  const events = new Counter({
    name: 'sallyport_relay_events_total',
    help: 'Events of the store that were published',
    registers,
  });
  const seconds = new Histogram({
    name: 'sallyport_relay_transaction_seconds',
    help: 'How long transactions of the relay take',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const lagEvents = new Gauge({
    name: 'sallyport_relay_lag_events',
    help: 'Distance of the relay to the head of the store, in positions',
    registers,
  });
  const lagSeconds = new Gauge({
    name: 'sallyport_relay_lag_seconds',
    help: 'Age of the last event published while there are more, 0 when there are none',
    registers,
  });
  let stood = '';
  return {
    stands: (role) => {
      leading.set(role === 'leading' ? 1 : 0);
      if (role !== stood) log.log({ msg: 'the relay stands', role });
      stood = role;
    },
    published: ({ events: count, tookMs }) => {
      events.inc(count);
      seconds.observe(tookMs / 1000);
    },
    progressed: (progress) => {
      lagEvents.set(progress.lagEvents);
      lagSeconds.set(progress.lagMs / 1000);
    },
    failed: (error, retryInMs) => {
      leading.set(0);
      stood = '';
      log.warn({ msg: 'the relay failed and begins anew', error, retryInMs });
    },
  };
}
