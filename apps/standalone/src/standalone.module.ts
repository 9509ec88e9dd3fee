// The embedded profile, wired: which adapter stands behind each port, and which features are served.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Module, type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import { GeoFiles } from '@sallyport/adapter-geoip';
import { ArgonPasswords } from '@sallyport/adapter-passwords';
import { SqliteEventStore, SqliteFeed, SqliteSecretStore, SqliteViewStore } from '@sallyport/adapter-sqlite';
import { AttemptLimits, Clock, EventStore, Feed, GeoLookup, Ids } from '@sallyport/engine';
import { MemoryAttemptLimits, PasswordHasher, SecretStore, ViewStore } from '@sallyport/engine';
import { AnomalyModule } from '@sallyport/feature-anomaly';
import { ClientRegistry, LedgerModule, ServiceSettings } from '@sallyport/feature-ledger';
import { OAuthModule } from '@sallyport/feature-oauth';
import { measureGeo, measurePasswords } from '@sallyport/feature-operations';
import { OperationsModule, Readiness, remembered } from '@sallyport/feature-operations';
import { SessionsModule, ViewProgress, ViewWorker } from '@sallyport/feature-sessions';
import { Credentials, DayTags, KeyRing, PersonalKeys, type MasterKey } from '@sallyport/tokens';
import { Gauge, Registry } from 'prom-client';
import type { Config } from './config.js';
import { rulesPorts } from './rules.js';
import type { ViewsWorkerData } from './views-worker.js';

/** What exists before the application does. */
export interface StandaloneParts {
  readonly config: Config;
  readonly issuer: string;
  readonly master: MasterKey;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly registry: Registry;
}

/** Views that are older than this are a reason not to be sent requests. */
const maxViewLagSeconds = 60;
const storeCheckMs = 5_000;

/** The files of the data directory, opened together and closed last, when nothing uses them any more. */
class DataFiles implements OnApplicationShutdown {
  readonly ledgerFile: string;
  readonly viewsFile: string;
  readonly events: SqliteEventStore;
  readonly secrets: SqliteSecretStore;
  readonly views: SqliteViewStore;

  constructor({ dataDir, tests }: Config, clock: Clock) {
    this.ledgerFile = join(dataDir, 'ledger.sqlite');
    this.viewsFile = join(dataDir, 'views.sqlite');
    const { synchronous, commitDelayMs } = tests;
    this.events = SqliteEventStore.open({ file: this.ledgerFile, clock, synchronous, commitDelayMs });
    this.secrets = SqliteSecretStore.open(join(dataDir, 'vault.sqlite'));
    // The views' one writer is the worker thread; it must find tables, and so must the reader here.
    SqliteViewStore.open(this.viewsFile).close();
    this.views = SqliteViewStore.openReadOnly(this.viewsFile);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.events.close();
    this.secrets.close();
    this.views.close();
  }
}

@Module({})
export class StandaloneModule {
  static of(parts: StandaloneParts): DynamicModule {
    return {
      module: StandaloneModule,
      imports: [ports(parts), LedgerModule, OAuthModule, SessionsModule, AnomalyModule, OperationsModule],
    };
  }
}

@Module({})
class PortsModule {}

function ports(parts: StandaloneParts): DynamicModule {
  const { dataDir } = parts.config;
  const files = { ledgerFile: join(dataDir, 'ledger.sqlite'), rulesFile: join(dataDir, 'rules.sqlite') };
  const rules = rulesPorts(parts.config, files);
  const providers = [...given(parts), ...stores(parts), ...keys(parts), ...rules, ...operations()];
  return { module: PortsModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
}

function given({ config, issuer, clock, ids, registry }: StandaloneParts): FactoryProvider[] {
  const { audience = issuer, freshSeconds, signUp, development } = config.identity;
  const settings: ServiceSettings = { issuer, audience, freshSeconds, signUpEnabled: signUp, development };
  return [
    { provide: Clock, useFactory: () => clock },
    { provide: Ids, useFactory: () => ids },
    { provide: Registry, useFactory: () => registry },
    { provide: ServiceSettings, useFactory: () => settings },
    { provide: ClientRegistry, useFactory: () => new ClientRegistry(config.clients) },
    { provide: GeoLookup, useFactory: () => measureGeo(openGeo(config), { registry, clock }) },
    { provide: AttemptLimits, useFactory: () => new MemoryAttemptLimits(clock) },
    { provide: PasswordHasher, useFactory: () => measurePasswords(new ArgonPasswords(), registry) },
  ];
}

function stores({ config }: StandaloneParts): FactoryProvider[] {
  return [
    { provide: DataFiles, useFactory: (clock: Clock) => new DataFiles(config, clock), inject: [Clock] },
    { provide: EventStore, useFactory: measuredStore, inject: [DataFiles, Registry] },
    { provide: SecretStore, useFactory: ({ secrets }: DataFiles) => secrets, inject: [DataFiles] },
    { provide: ViewStore, useFactory: ({ views }: DataFiles) => views, inject: [DataFiles] },
    { provide: Feed, useFactory: ({ events }: DataFiles) => SqliteFeed.of(events), inject: [DataFiles] },
    { provide: ViewProgress, useFactory: viewWorker, inject: [DataFiles, Feed] },
  ];
}

function keys({ config, issuer, master, ids, clock }: StandaloneParts): FactoryProvider[] {
  const longestSeconds = Math.max(...config.clients.map(({ absoluteSeconds }) => absoluteSeconds));
  const ring = async (store: SecretStore) => {
    const made = new KeyRing({ store, master, ids, clock, issuer, keepRefreshKeysMs: longestSeconds * 1000 });
    await made.load();
    return made;
  };
  const dayTags = (store: SecretStore) => new DayTags({ store, master, ids, clock });
  const personal = (store: SecretStore) => new PersonalKeys({ store, master, ids });
  return [
    { provide: KeyRing, useFactory: ring, inject: [SecretStore] },
    { provide: DayTags, useFactory: dayTags, inject: [SecretStore] },
    { provide: PersonalKeys, useFactory: personal, inject: [SecretStore] },
    { provide: Credentials, useFactory: () => new Credentials(master, ids) },
  ];
}

function operations(): FactoryProvider[] {
  return [{ provide: Readiness, useFactory: readiness, inject: [DataFiles, KeyRing, ViewProgress] }];
}

function viewWorker({ ledgerFile, viewsFile }: DataFiles, feed: Feed): ViewWorker {
  const workerData: ViewsWorkerData = { ledgerFile, viewsFile };
  const script = new URL('./views-worker.js', import.meta.url);
  // Nothing of the environment, where the master key may be, is needed there.
  return new ViewWorker({ feed, spawn: () => new Worker(script, { workerData, env: {} }) });
}

function readiness({ events, secrets }: DataFiles, ring: KeyRing, views: ViewProgress): Readiness {
  const writable = async () => {
    await events.heads(['keys']);
    await secrets.put('readiness', 'probe', new Uint8Array(1));
    return undefined;
  };
  const recent = async () => {
    const { seconds } = await views.lag();
    return seconds > maxViewLagSeconds ? `${Math.round(seconds)} seconds behind` : undefined;
  };
  return new Readiness([
    remembered({ name: 'store', check: writable }, storeCheckMs),
    { name: 'keys', check: () => (ring.current('refresh') === undefined ? 'not loaded' : undefined) },
    { name: 'views', check: recent },
  ]);
}

/** Shows how durable the live writer's commits are. */
function measuredStore({ events }: DataFiles, registry: Registry): SqliteEventStore {
  new Gauge({
    name: 'sallyport_store_synchronous',
    help: "The ledger writer's own PRAGMA synchronous: 2 (FULL) means durable before answered",
    registers: [registry],
    collect() {
      this.set(events.synchronous);
    },
  });
  return events;
}

/** The files were checked with the configuration; one may have gone since. */
function openGeo({ geo: paths }: Config): GeoFiles {
  const { geo, faults = [] } = GeoFiles.open(paths);
  if (geo === undefined) throw new Error(faults.map(({ file, fault }) => `${file} ${fault}`).join('; '));
  return geo;
}
