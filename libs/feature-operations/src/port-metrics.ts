// Figures of what an app puts behind its ports: age of network data, passwords at work.
import type { Clock } from '@sallyport/engine';
import { Gauge, type Registry } from 'prom-client';

export interface DatedSources {
  sources(): readonly { readonly name: string; readonly builtAtMs?: number | undefined }[];
}

/** Shows how old network data are: addresses move, and countries of old data are wrong ones. */
export function measureGeo<G extends DatedSources>(
  geo: G,
  { registry, clock }: { readonly registry: Registry; readonly clock: Clock },
): G {
  new Gauge({
    name: 'sallyport_geo_data_age_seconds',
    help: 'Age of the network data by what they tell, where their file says when it was made',
    labelNames: ['data'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, builtAtMs } of geo.sources()) {
        if (builtAtMs !== undefined) this.set({ data: name }, (clock.now() - builtAtMs) / 1000);
      }
    },
  });
  return geo;
}

/** Shows how busy password hashing is. */
export function measurePasswords<P extends { counts(): object }>(passwords: P, registry: Registry): P {
  new Gauge({
    name: 'sallyport_passwords',
    help: 'Passwords being hashed, waiting for it, done, and refused because too many waited',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const [state, count] of Object.entries(passwords.counts())) this.set({ state }, Number(count));
    },
  });
  return passwords;
}
