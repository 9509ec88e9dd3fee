// What the writer of the standings counts besides what every consumer does.
import { consumerMetrics } from '@sallyport/feature-operations';
import type { StandingObserver } from '@sallyport/feature-standing';
import { Counter, Gauge, type Registry } from 'prom-client';

export function standingMetrics(registry: Registry): StandingObserver {
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
  const age = new Gauge({
    name: 'sallyport_standing_age_seconds',
    help: 'How old what the partition of the topic of standings holds was at its latest record',
    labelNames: ['partition'],
    registers,
  });
  return {
    ...consumerMetrics('standing', registry),
    written: (transaction) => {
      records.inc(transaction.records);
      tombstones.inc(transaction.tombstones);
    },
    stood: (partition, ageMs) => age.set({ partition }, ageMs === undefined ? Number.NaN : ageMs / 1000),
  };
}
