// The environment, read once: every setting, its default and its meaning, and all mistakes in one message.
import { eventStoreEnvironment, readEventStoreUrl } from '@sallyport/adapter-eventstoredb';
import type { EventStoreSetting } from '@sallyport/adapter-eventstoredb';
import { kafkaEnvironment, readKafkaSettings } from '@sallyport/adapter-kafka';
import type { KafkaSetting, KafkaSettings } from '@sallyport/adapter-kafka';
import { postgresEnvironment, readPostgresSettings } from '@sallyport/adapter-postgres';
import type { PostgresSetting, PostgresSettings } from '@sallyport/adapter-postgres';
import { deepFreeze, describedSettings, EnvironmentReader, isLoopback } from '@sallyport/feature-operations';
import { readWorkerConfig, unknownSettings, workerSettings } from '@sallyport/feature-operations';
import type { ReadConfig, SettingRow, WorkerConfig, WorkerSetting } from '@sallyport/feature-operations';

const ownSettings = [
  ['SALLYPORT_ISSUER', '', 'The issuer of the ledger: names it in every record (`ce_source`).'],
  ['SALLYPORT_RELAY_LEASE_SECONDS', '15', 'So long after a crash another relay goes on.'],
  ['SALLYPORT_TEST_LEASE', '', '`always`: believes to have the lease, so that fencing is seen. Tests only.'],
] as const satisfies readonly SettingRow[];

/** Every setting there is; README's table is held against this list. */
const settings: readonly SettingRow[] = [
  ...workerSettings,
  ...eventStoreEnvironment,
  ...kafkaEnvironment,
  ...postgresEnvironment,
  ...ownSettings,
];

export const settingDescriptions = describedSettings(settings);

type OwnSetting = (typeof ownSettings)[number][0];
type SettingName = WorkerSetting | KafkaSetting | PostgresSetting | EventStoreSetting | OwnSetting;

export interface Config extends WorkerConfig {
  readonly issuer: string;
  readonly kafka: Omit<KafkaSettings, 'clientId'>;
  readonly postgres: PostgresSettings;
  readonly eventStoreUrl: string;
  readonly leaseSeconds: number;
  /** Takes the lease without asking. */
  readonly alwaysLeads: boolean;
}

/** Reads and checks the whole environment, and the files it names. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<Config> {
  const read = new EnvironmentReader<SettingName>(environment);
  const textOf = (name: SettingName) => read.text(name);
  const worker = readWorkerConfig(read);
  const kafka = readKafkaSettings(textOf);
  const postgres = readPostgresSettings(textOf);
  const store = readEventStoreUrl(textOf);
  const issuer = read.text('SALLYPORT_ISSUER', (text) => (URL.canParse(text) ? undefined : 'is not a URL'));
  if (issuer === undefined) read.mistakes.push('SALLYPORT_ISSUER is missing: name the issuer of the ledger.');
  const leaseSeconds = read.integer('SALLYPORT_RELAY_LEASE_SECONDS', { min: 2, max: 300, otherwise: 15 });
  const alwaysLeads = read.choice('SALLYPORT_TEST_LEASE', ['always']) !== undefined;
  if (alwaysLeads && issuer !== undefined && !isLoopback(new URL(issuer).hostname)) {
    read.mistakes.push('SALLYPORT_TEST_LEASE is for tests on this machine: leave it out.');
  }
  const names = settings.map(([name]) => name);
  const found = [kafka, postgres, store].flatMap(({ mistakes }) => mistakes);
  const mistakes = [...read.mistakes, ...found, ...unknownSettings(environment, 'SALLYPORT_', names)];
  const isComplete = issuer && kafka.settings && postgres.settings && store.url;
  if (mistakes.length > 0 || !isComplete) return { mistakes };
  const shared = { kafka: kafka.settings, postgres: postgres.settings, eventStoreUrl: store.url };
  return { config: deepFreeze({ ...worker, ...shared, issuer, leaseSeconds, alwaysLeads }) };
}
