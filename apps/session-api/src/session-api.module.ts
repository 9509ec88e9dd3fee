// One replica of the session API, wired: which adapter stands behind each port, which features are served.
import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { GeoFiles } from '@sallyport/adapter-geoip';
import { ArgonPasswords } from '@sallyport/adapter-passwords';
import { viewsConsumer } from '@sallyport/core-views';
import { AttemptLimits, Clock, EventStore, Feed, GeoLookup, Ids } from '@sallyport/engine';
import { PasswordHasher, SecretStore, ViewStore } from '@sallyport/engine';
import { RulesDeskModule, RulesProgress, RuleTables } from '@sallyport/feature-anomaly';
import { ClientRegistry, LedgerModule, ServiceSettings } from '@sallyport/feature-ledger';
import { OAuthModule } from '@sallyport/feature-oauth';
import { measureGeo, measurePasswords } from '@sallyport/feature-operations';
import { OperationsModule, Readiness, remembered } from '@sallyport/feature-operations';
import { CheckpointProgress, SessionsModule, ViewProgress } from '@sallyport/feature-sessions';
import { Credentials, DayTags, KeyRing, PersonalKeys } from '@sallyport/tokens';
import { Gauge, Registry } from 'prom-client';
import type { Config } from './config.js';
import type { SharedParts } from './stores.js';

/** What exists before the application does. */
export interface SessionApiParts {
  readonly config: Config;
  readonly shared: SharedParts;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly registry: Registry;
}

const storeCheckMs = 1_000;

@Module({})
export class SessionApiModule {
  static of(parts: SessionApiParts): DynamicModule {
    const features = [LedgerModule, OAuthModule, SessionsModule, RulesDeskModule, OperationsModule];
    return { module: SessionApiModule, imports: [ports(parts), ...features] };
  }
}

@Module({})
class PortsModule {}

function ports(parts: SessionApiParts): DynamicModule {
  measureShared(parts);
  const providers = [...given(parts), ...stores(parts), ...keys(parts)];
  return { module: PortsModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
}

function given({ config, clock, ids, registry }: SessionApiParts): FactoryProvider[] {
  const { issuer } = config;
  const { audience = issuer, freshSeconds, signUp, development } = config.identity;
  const settings: ServiceSettings = { issuer, audience, freshSeconds, signUpEnabled: signUp, development };
  return [
    { provide: Clock, useFactory: () => clock },
    { provide: Ids, useFactory: () => ids },
    { provide: Registry, useFactory: () => registry },
    { provide: ServiceSettings, useFactory: () => settings },
    { provide: ClientRegistry, useFactory: () => new ClientRegistry(config.clients) },
    { provide: GeoLookup, useFactory: () => measureGeo(openGeo(config), { registry, clock }) },
    { provide: PasswordHasher, useFactory: () => measurePasswords(new ArgonPasswords(), registry) },
  ];
}

function stores({ shared: { events, feed, database, ring }, clock }: SessionApiParts): FactoryProvider[] {
  const { consumers: checkpoints, views } = database;
  const progress = () => new CheckpointProgress({ checkpoints, consumer: viewsConsumer, feed, clock });
  return [
    { provide: EventStore, useFactory: () => events },
    { provide: Feed, useFactory: () => feed },
    { provide: SecretStore, useFactory: () => database.secrets },
    { provide: ViewStore, useFactory: () => views },
    { provide: RuleTables, useFactory: (): RuleTables => ({ views }) },
    { provide: RulesProgress, useFactory: () => new RulesProgress({ checkpoints, feed, views }) },
    { provide: AttemptLimits, useFactory: () => database.attemptLimits(clock) },
    { provide: ViewProgress, useFactory: progress },
    { provide: Readiness, useFactory: () => readiness(events, ring) },
  ];
}

function keys({ config, shared: { database, ring }, ids, clock }: SessionApiParts): FactoryProvider[] {
  const parts = { store: database.secrets, master: config.masterKey, ids };
  return [
    { provide: KeyRing, useFactory: () => ring },
    { provide: DayTags, useFactory: () => new DayTags({ ...parts, clock }) },
    { provide: PersonalKeys, useFactory: () => new PersonalKeys(parts) },
    { provide: Credentials, useFactory: () => new Credentials(config.masterKey, ids) },
  ];
}

/**
 * What refreshes need, and nothing else: a database that is away, or views that are behind, are the same for
 * all replicas, and no reason to send the refreshes of all away.
 */
function readiness(events: EventStore, ring: KeyRing): Readiness {
  const answers = async () => {
    await events.heads(['keys']);
    return undefined;
  };
  return new Readiness([
    remembered({ name: 'store', check: answers }, storeCheckMs),
    { name: 'keys', check: () => (ring.current('refresh') === undefined ? 'not loaded' : undefined) },
  ]);
}

function measureShared({ shared: { connection, database }, registry }: SessionApiParts): void {
  const registers = [registry];
  new Gauge({
    name: 'sallyport_eventstore_reachable',
    help: '1 while the event store answers, 0 since a call to it failed',
    registers,
    collect() {
      this.set(connection.health.reachable ? 1 : 0);
    },
  });
  new Gauge({
    name: 'sallyport_eventstore_calls',
    help: 'Calls to the event store that are under way or wait for their turn',
    registers,
    collect() {
      this.set(connection.depth);
    },
  });
  new Gauge({
    name: 'sallyport_postgres_connections',
    help: 'Connections to PostgreSQL that are open or idle, and statements that wait for one',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(database.database.counts())) this.set({ state }, count);
    },
  });
}

/** The files were checked with the configuration; one may have gone since. */
function openGeo({ geo: paths }: Config): GeoFiles {
  const { geo, faults = [] } = GeoFiles.open(paths);
  if (geo === undefined) throw new Error(faults.map(({ file, fault }) => `${file} ${fault}`).join('; '));
  return geo;
}
