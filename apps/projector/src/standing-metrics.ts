// What the writer of the standings counts besides what every consumer does.
import type { Clock } from '@sallyport/engine';
import { consumerMetrics } from '@sallyport/feature-operations';
import type { StandingObserver } from '@sallyport/feature-standing';
import { Counter, Gauge, type Registry } from 'prom-client';

export function standingMetrics(registry: Registry, clock: Clock): StandingObserver {
  const registers = [registry];
  const records = new Counter({
    name: 'sallyport_standing_records_total',
    help: 'Records written to the topic of standings, without tombstones',
    registers,
  });
  const tombstones = new Counter({
    name: 'sallyport_standing_tombstones_total',
    help: 'Tombstones that the sweep wrote to the topic of standings',
    registers,
  });
  const asOf = new Map<number, number | undefined>();
  new Gauge({
    name: 'sallyport_standing_age_seconds',
    help: 'How old what is written of a partition of the topic of standings is, +Inf while that is unknown',
    labelNames: ['partition'],
    registers,
    collect() {
      this.reset();
      for (const [partition, asOfMs] of asOf) {
        const ageMs = asOfMs === undefined ? Number.POSITIVE_INFINITY : clock.now() - asOfMs;
        this.set({ partition }, ageMs / 1000);
      }
    },
  });
  return {
    ...consumerMetrics('standing', registry),
    written: (transaction) => {
      records.inc(transaction.records);
      tombstones.inc(transaction.tombstones);
    },
    stood: (partition, asOfMs) => void asOf.set(partition, asOfMs),
    left: (partition) => void asOf.delete(partition),
  };
}
