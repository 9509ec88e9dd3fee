// The environment, read once: every setting, its default and its meaning, and all mistakes in one message.
import { eventStoreEnvironment, readEventStoreUrl } from '@sallyport/adapter-eventstoredb';
import type { EventStoreSetting } from '@sallyport/adapter-eventstoredb';
import { kafkaEnvironment, readKafkaSettings } from '@sallyport/adapter-kafka';
import type { KafkaSetting, KafkaSettings } from '@sallyport/adapter-kafka';
import { postgresEnvironment, readPostgresSettings } from '@sallyport/adapter-postgres';
import type { PostgresSetting, PostgresSettings } from '@sallyport/adapter-postgres';
import { deepFreeze, describedSettings, EnvironmentReader } from '@sallyport/feature-operations';
import { readWorkerConfig, unknownSettings, workerSettings } from '@sallyport/feature-operations';
import type { ReadConfig, SettingRow, WorkerConfig, WorkerSetting } from '@sallyport/feature-operations';

/** Every setting there is; README's table is held against this list. */
const settings: readonly SettingRow[] = [
  ...workerSettings,
  ...kafkaEnvironment,
  ...postgresEnvironment,
  ...eventStoreEnvironment,
];

export const settingDescriptions = describedSettings(settings);

type SettingName = WorkerSetting | KafkaSetting | PostgresSetting | EventStoreSetting;

export interface Config extends WorkerConfig {
  readonly kafka: Omit<KafkaSettings, 'clientId'>;
  readonly postgres: PostgresSettings;
  readonly eventStoreUrl: string;
}

/** Reads and checks the whole environment, and the files it names. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<Config> {
  const read = new EnvironmentReader<SettingName>(environment);
  const textOf = (name: SettingName) => read.text(name);
  const worker = readWorkerConfig(read);
  const kafka = readKafkaSettings(textOf);
  const postgres = readPostgresSettings(textOf);
  const store = readEventStoreUrl(textOf);
  const names = settings.map(([name]) => name);
  const found = [kafka, postgres, store].flatMap(({ mistakes }) => mistakes);
  const mistakes = [...read.mistakes, ...found, ...unknownSettings(environment, 'SALLYPORT_', names)];
  if (mistakes.length > 0 || !kafka.settings || !postgres.settings || !store.url) return { mistakes };
  const shared = { kafka: kafka.settings, postgres: postgres.settings, eventStoreUrl: store.url };
  return { config: deepFreeze({ ...worker, ...shared }) };
}
