// The environment, read once: every setting, its default and its meaning, and all mistakes in one message.
import { eventStoreEnvironment, readEventStoreUrl } from '@sallyport/adapter-eventstoredb';
import type { EventStoreSetting } from '@sallyport/adapter-eventstoredb';
import { kafkaEnvironment, readKafkaSettings } from '@sallyport/adapter-kafka';
import type { KafkaSetting, KafkaSettings } from '@sallyport/adapter-kafka';
import { postgresEnvironment, readPostgresSettings } from '@sallyport/adapter-postgres';
import type { PostgresSetting, PostgresSettings } from '@sallyport/adapter-postgres';
import type { RuleSetConfig } from '@sallyport/core-anomaly';
import { parseRuleFile } from '@sallyport/feature-anomaly';
import { deepFreeze, describedSettings, EnvironmentReader } from '@sallyport/feature-operations';
import { readWorkerConfig, unknownSettings, workerSettings } from '@sallyport/feature-operations';
import type { ReadConfig, SettingRow, WorkerConfig, WorkerSetting } from '@sallyport/feature-operations';

const ownSettings = [
  ['SALLYPORT_RULES_FILE', 'what was activated last', 'YAML file of the rules; becomes active at the start.'],
  ['SALLYPORT_TEST_CLOCK_FILE', '', 'A clock that can be moved, of all processes. Tests only.'],
] as const satisfies readonly SettingRow[];

/** Every setting there is; README's table is held against this list. */
const settings: readonly SettingRow[] = [
  ...workerSettings,
  ...kafkaEnvironment,
  ...postgresEnvironment,
  ...eventStoreEnvironment,
  ...ownSettings,
];

export const settingDescriptions = describedSettings(settings);

type OwnSetting = (typeof ownSettings)[number][0];
type SettingName = WorkerSetting | KafkaSetting | PostgresSetting | EventStoreSetting | OwnSetting;

export interface Config extends WorkerConfig {
  readonly kafka: Omit<KafkaSettings, 'clientId'>;
  readonly postgres: PostgresSettings;
  readonly eventStoreUrl: string;
  /** Undefined: whichever was activated last, else the defaults. */
  readonly rules: RuleSetConfig | undefined;
  /** Of a clock that all processes share and operators can move. */
  readonly testClockFile: string | undefined;
}

/** Reads and checks the whole environment, and the files it names. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<Config> {
  const read = new EnvironmentReader<SettingName>(environment);
  const textOf = (name: SettingName) => read.text(name);
  const worker = readWorkerConfig(read);
  const kafka = readKafkaSettings(textOf);
  const postgres = readPostgresSettings(textOf);
  const store = readEventStoreUrl(textOf);
  const rules = readRules(read);
  const testClockFile = read.text('SALLYPORT_TEST_CLOCK_FILE');
  const names = settings.map(([name]) => name);
  const found = [kafka, postgres, store].flatMap(({ mistakes }) => mistakes);
  const mistakes = [...read.mistakes, ...found, ...unknownSettings(environment, 'SALLYPORT_', names)];
  if (mistakes.length > 0 || !kafka.settings || !postgres.settings || !store.url) return { mistakes };
  const shared = { kafka: kafka.settings, postgres: postgres.settings, eventStoreUrl: store.url };
  return { config: deepFreeze({ ...worker, ...shared, rules, testClockFile }) };
}

function readRules(read: EnvironmentReader<SettingName>): RuleSetConfig | undefined {
  const file = read.text('SALLYPORT_RULES_FILE');
  const text = file === undefined ? undefined : read.file('SALLYPORT_RULES_FILE', file);
  if (text === undefined) return undefined;
  const { config, mistakes = [] } = parseRuleFile(text);
  read.mistakes.push(...mistakes.map((mistake) => `SALLYPORT_RULES_FILE (${file}): ${mistake}.`));
  return config;
}
