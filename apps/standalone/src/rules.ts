// The rules of the embedded profile: a thread of their own over a file of their own, beside the ledger.
import { Worker } from 'node:worker_threads';
import type { FactoryProvider, OnApplicationShutdown } from '@nestjs/common';
import { SqliteViewStore } from '@sallyport/adapter-sqlite';
import type { Position } from '@sallyport/engine';
import { ConfiguredRules, RuleTables, RuleThreadSpawner } from '@sallyport/feature-anomaly';
import type { Config } from './config.js';
import type { RulesWorkerData } from './rules-worker.js';

/** What the rules remember, to be read; its one writer is the thread. */
class RulesFile extends RuleTables implements OnApplicationShutdown {
  readonly views: SqliteViewStore;

  constructor(file: string) {
    super();
    SqliteViewStore.open(file).close();
    this.views = SqliteViewStore.openReadOnly(file);
  }

  onApplicationShutdown(): void {
    this.views.close();
  }
}

/** Ports of the rules. The ledger's file exists by the time the thread is started. */
export function rulesPorts(
  { rules }: Config,
  files: Omit<RulesWorkerData, 'historyUntil'>,
): FactoryProvider[] {
  const script = new URL('./rules-worker.js', import.meta.url);
  // Nothing of the environment, where the master key may be, is needed there.
  const spawn = (historyUntil: Position): Worker => {
    const workerData: RulesWorkerData = { ...files, historyUntil };
    return new Worker(script, { workerData, env: {} });
  };
  return [
    { provide: RuleTables, useFactory: () => new RulesFile(files.rulesFile) },
    { provide: RuleThreadSpawner, useFactory: (): RuleThreadSpawner => ({ spawn }) },
    { provide: ConfiguredRules, useFactory: (): ConfiguredRules => ({ config: rules }) },
  ];
}
