// What carries the rules' decisions out, wired: orders to the ledger, no key and no listener of its own.
import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import type { RuleSetConfig } from '@sallyport/core-anomaly';
import { Clock, EventStore, Ids, type ViewStore } from '@sallyport/engine';
import { BusRulesModule, ConfiguredRules, Lockouts, SharedLockouts } from '@sallyport/feature-anomaly';
import { SystemIds } from '@sallyport/feature-operations';
import { Registry } from 'prom-client';

/** What exists before the application does. */
export interface AnomalyAppParts {
  readonly rules: RuleSetConfig | undefined;
  readonly store: EventStore;
  readonly views: ViewStore;
  readonly clock: Clock;
  readonly registry: Registry;
}

@Module({})
export class AnomalyAppModule {
  static of(parts: AnomalyAppParts): DynamicModule {
    return { module: AnomalyAppModule, imports: [ports(parts), BusRulesModule] };
  }
}

@Module({})
class PortsModule {}

function ports({ rules, store, views, clock, registry }: AnomalyAppParts): DynamicModule {
  const providers: FactoryProvider[] = [
    { provide: Clock, useFactory: () => clock },
    { provide: Ids, useFactory: () => new SystemIds() },
    { provide: EventStore, useFactory: () => store },
    { provide: Registry, useFactory: () => registry },
    { provide: Lockouts, useFactory: () => new SharedLockouts(views) },
    { provide: ConfiguredRules, useFactory: (): ConfiguredRules => ({ config: rules }) },
  ];
  return { module: PortsModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
}
