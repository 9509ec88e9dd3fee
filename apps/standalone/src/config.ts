// The environment, read once: every setting, its default and its meaning, and all mistakes in one message.
import { resolve } from 'node:path';
import { geoSettings, readGeoPaths, type GeoPaths } from '@sallyport/adapter-geoip';
import type { RuleSetConfig } from '@sallyport/core-anomaly';
import { parseRuleFile } from '@sallyport/feature-anomaly';
import {
  deepFreeze,
  describedSettings,
  EnvironmentReader,
  readServiceConfig,
  serviceSettings,
  unknownSettings,
} from '@sallyport/feature-operations';
import type { ReadConfig, ServiceConfig, SettingRow } from '@sallyport/feature-operations';

/** Every setting there is; README's table is held against this list. */
export const settings = [
  ...serviceSettings,
  ['SALLYPORT_DATA_DIR', './.sallyport', 'Directory of ledger, views and wrapped keys; one process each.'],
  ...geoSettings,
  ['SALLYPORT_RULES_FILE', 'what was activated last', 'YAML file of the rules; becomes active at the start.'],
  ['SALLYPORT_TEST_CLOCK', '', '1: `npm run admin -- clock advance` moves the clock. Loopback issuers only.'],
  ['SALLYPORT_TEST_BUS', '', '1: operators may write events as if to a bus. Loopback issuers only.'],
  ['SALLYPORT_TEST_SYNCHRONOUS', 'FULL', 'NORMAL, OFF: a power failure loses answers. Loopback only.'],
  ['SALLYPORT_TEST_COMMIT_DELAY_MS', '0', 'Makes each commit slower, to measure. Loopback issuers only.'],
] as const satisfies readonly SettingRow[];

export const settingDescriptions = describedSettings(settings);

type SettingName = (typeof settings)[number][0];
type Reader = EnvironmentReader<SettingName>;

export interface Config extends ServiceConfig {
  readonly dataDir: string;
  /** Files of network data that stand for the shipped one, or beside it. */
  readonly geo: GeoPaths;
  /** Undefined: whichever was activated last, else the defaults. */
  readonly rules: RuleSetConfig | undefined;
  readonly tests: {
    readonly clock: boolean;
    readonly bus: boolean;
    readonly synchronous: 'FULL' | 'NORMAL' | 'OFF';
    readonly commitDelayMs: number;
  };
}

/** Reads and checks the whole environment, and the files it names. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReadConfig<Config> {
  const read = new EnvironmentReader<SettingName>(environment);
  const geo = readGeoPaths((name) => read.text(name));
  const config: Config = {
    ...readServiceConfig(read, { standsAlone: true }),
    dataDir: resolve(read.text('SALLYPORT_DATA_DIR') ?? '.sallyport'),
    geo: geo.paths,
    rules: readRules(read),
    tests: {
      clock: read.choice('SALLYPORT_TEST_CLOCK', ['0', '1']) === '1',
      bus: read.choice('SALLYPORT_TEST_BUS', ['0', '1']) === '1',
      synchronous: read.choice('SALLYPORT_TEST_SYNCHRONOUS', ['FULL', 'NORMAL', 'OFF']) ?? 'FULL',
      commitDelayMs: read.integer('SALLYPORT_TEST_COMMIT_DELAY_MS', { min: 0, max: 1000, otherwise: 0 }),
    },
  };
  const names = settings.map(([name]) => name);
  const unknown = unknownSettings(environment, 'SALLYPORT_', names);
  const mistakes = [...read.mistakes, ...geo.mistakes, ...contradictions(config), ...unknown];
  return mistakes.length > 0 ? { mistakes } : { config: deepFreeze(config) };
}

function contradictions({ identity: { development }, tests }: Config): string[] {
  const forTests = tests.clock || tests.bus || tests.synchronous !== 'FULL' || tests.commitDelayMs > 0;
  if (development || !forTests) return [];
  return ['SALLYPORT_TEST_* is for tests on this machine: leave it out, or use a loopback issuer.'];
}

function readRules(read: Reader): RuleSetConfig | undefined {
  const file = read.text('SALLYPORT_RULES_FILE');
  const text = file === undefined ? undefined : read.file('SALLYPORT_RULES_FILE', file);
  if (text === undefined) return undefined;
  const { config, mistakes = [] } = parseRuleFile(text);
  read.mistakes.push(...mistakes.map((mistake) => `SALLYPORT_RULES_FILE (${file}): ${mistake}.`));
  return config;
}
