// The environment, read once: every setting, its default and its meaning, and all mistakes in one message.
import { eventStoreEnvironment, readEventStoreUrl } from '@sallyport/adapter-eventstoredb';
import type { EventStoreSetting } from '@sallyport/adapter-eventstoredb';
import { geoSettings, readGeoPaths, type GeoPaths, type GeoSetting } from '@sallyport/adapter-geoip';
import { postgresEnvironment, readPostgresSettings } from '@sallyport/adapter-postgres';
import type { PostgresSetting, PostgresSettings } from '@sallyport/adapter-postgres';
import {
  deepFreeze,
  describedSettings,
  EnvironmentReader,
  readServiceConfig,
  sharedServiceSettings,
  unknownSettings,
} from '@sallyport/feature-operations';
import type { ReadConfig, ServiceConfig, ServiceSetting } from '@sallyport/feature-operations';
import type { SettingRow } from '@sallyport/feature-operations';
import type { MasterKey } from '@sallyport/tokens';

const ownSettings = [
  ['SALLYPORT_ADMIN_PORT', '3001', "Port of the operators' listener, on loopback; 0 takes a free one."],
  ['SALLYPORT_ADMIN_CREDENTIAL_FILE', '', "The operators' credential, of all replicas; made where absent."],
  ['SALLYPORT_TEST_CLOCK_FILE', '', 'A clock that can be moved, of all processes. Loopback only.'],
] as const satisfies readonly SettingRow[];

/** Every setting there is; README's table is held against this list. */
const settings: readonly SettingRow[] = [
  ...sharedServiceSettings,
  ...eventStoreEnvironment,
  ...postgresEnvironment,
  ...ownSettings,
  ...geoSettings,
];

export const settingDescriptions = describedSettings(settings);

type SettingName =
  | ServiceSetting
  | EventStoreSetting
  | PostgresSetting
  | GeoSetting
  | (typeof ownSettings)[number][0];

export interface Config extends ServiceConfig {
  readonly issuer: string;
  readonly masterKey: MasterKey;
  readonly eventStoreUrl: string;
  readonly postgres: PostgresSettings;
  readonly admin: { readonly port: number; readonly credentialFile: string };
  /** Files of network data that stand for the shipped one, or beside it. */
  readonly geo: GeoPaths;
  /** Of a clock that all processes share and operators can move. */
  readonly testClockFile: string | undefined;
}

/** Reads and checks the whole environment, and the files it names. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<Config> {
  const read = new EnvironmentReader<SettingName>(environment);
  const textOf = (name: SettingName) => read.text(name);
  const service = readServiceConfig(read, { standsAlone: false });
  const geo = readGeoPaths(textOf);
  const store = readEventStoreUrl(textOf);
  const postgres = readPostgresSettings(textOf);
  const port = read.integer('SALLYPORT_ADMIN_PORT', { min: 0, max: 65_535, otherwise: 3001 });
  const credentialFile = read.text('SALLYPORT_ADMIN_CREDENTIAL_FILE');
  if (credentialFile === undefined) {
    read.mistakes.push('SALLYPORT_ADMIN_CREDENTIAL_FILE is missing: name a file that all replicas can read.');
  }
  const testClockFile = read.text('SALLYPORT_TEST_CLOCK_FILE');
  if (testClockFile !== undefined && !service.identity.development) {
    read.mistakes.push('SALLYPORT_TEST_CLOCK_FILE is for tests on this machine: leave it out.');
  }
  const names = settings.map(([name]) => name);
  const found = [store, postgres, geo].flatMap(({ mistakes }) => mistakes);
  const mistakes = [...read.mistakes, ...found, ...unknownSettings(environment, 'SALLYPORT_', names)];
  const { masterKey, identity } = service;
  const { url: eventStoreUrl } = store;
  const { settings: database } = postgres;
  const { issuer } = identity;
  if (mistakes.length > 0 || !issuer || !masterKey || !eventStoreUrl || !database || !credentialFile) {
    return { mistakes };
  }
  const admin = { port, credentialFile };
  const own = { issuer, masterKey, eventStoreUrl, postgres: database, admin, geo: geo.paths, testClockFile };
  return { config: deepFreeze({ ...service, ...own }) };
}
