// The service that a tool works on: one that runs already, or one started for this in a process of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '@sallyport/engine';
import { freePort } from '../../engines/processes.js';
import { repositoryRoot } from '../repository.js';
import { LedgerView } from './ledger.js';
import { Operator } from './operator.js';

/** What stands of a service: its address, its data, its operator. */
export class Target {
  readonly operator: Operator;
  readonly ledger: LedgerView;
  /** Several processes decide, each from what it remembers until the store says otherwise. */
  readonly hasReplicas: boolean;

  /** `parts` where they are not found in the data directory; that is empty where nobody may look into it. */
  constructor(
    readonly issuer: string,
    readonly dataDir: string,
    parts?: { readonly operator: Operator; readonly ledger: LedgerView },
  ) {
    this.hasReplicas = parts !== undefined;
    this.operator = parts?.operator ?? Operator.of(dataDir);
    this.ledger = parts?.ledger ?? LedgerView.of(dataDir);
  }

  /** Whether what is everybody's, as the rules, may be changed here. */
  get isOwn(): boolean {
    return this.restart !== undefined;
  }

  /** Whether two accounts' events reach the rules by different ways. */
  async apart(_one: string, _other: string): Promise<boolean> {
    return true;
  }

  /** An event as if the service's own bus had brought it. */
  async writeToBus(event: RecordedEvent): Promise<void> {
    await this.operator.writeToBus(event);
  }

  canWriteToBus(): Promise<boolean> {
    return this.operator.canWriteToBus();
  }

  /** Where its processes tell their metrics. */
  get metricsUrls(): readonly string[] {
    return [new URL('/metrics', this.issuer).href];
  }

  /** Ends the service and starts it again on its data; only where it was started for this. */
  get restart(): (() => Promise<void>) | undefined {
    return undefined;
  }

  async stop(): Promise<void> {}
}

export interface StartOptions {
  /** Added to an environment without any `SALLYPORT_*`; the clock can be moved unless it says otherwise. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A command to run the service under, e.g. `taskset -c 0`. */
  readonly under?: readonly string[];
  /** Where its logs go; this process's standard error by default. */
  readonly logFile?: number;
}

const readyWithinMs = 30_000;
const stopWithinMs = 20_000;

/** A service of its own on a free port and a temporary data directory, deleted by `stop`. */
export class OwnTarget extends Target {
  private constructor(
    private child: ChildProcess,
    private readonly options: StartOptions & { readonly dataDir: string; readonly issuer: string },
  ) {
    super(options.issuer, options.dataDir);
  }

  static async start(options: StartOptions = {}): Promise<OwnTarget> {
    const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-tool-'));
    // The issuer is in every token: the address must be free again after each kill.
    const env = { PORT: String(await freePort()), ...options.env };
    const child = launch(dataDir, { ...options, env });
    const issuer = await untilReady(child, dataDir).catch((error: unknown) => {
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    });
    return new OwnTarget(child, { ...options, dataDir, issuer, env });
  }

  override get restart(): () => Promise<void> {
    return async () => this.restartOn(() => undefined);
  }

  /** Ends the service, lets `change` alter its data, and starts it again at the same address. */
  async restartOn(
    change: (dataDir: string) => void | Promise<void>,
    signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
  ): Promise<void> {
    await end(this.child, signal);
    await change(this.dataDir);
    this.child = launch(this.dataDir, this.options);
    await untilReady(this.child, this.dataDir);
  }

  override async stop(): Promise<void> {
    await end(this.child, 'SIGTERM');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

function launch(dataDir: string, { env, under = [], logFile }: StartOptions): ChildProcess {
  // What a killed service left behind would pass for readiness.
  rmSync(join(dataDir, 'admin.json'), { force: true });
  const main = join(repositoryRoot(), 'dist', 'apps', 'standalone', 'src', 'main.js');
  const ours = /^(SALLYPORT_|PORT$|NODE_)/;
  const inherited = Object.entries(process.env).filter(([name]) => !ours.test(name));
  const settings = { SALLYPORT_TEST_CLOCK: '1', SALLYPORT_LOG_LEVEL: 'warn', ...env };
  const [command = process.execPath, ...rest] = [...under, process.execPath, main];
  return spawn(command, rest, {
    env: { ...Object.fromEntries(inherited), ...settings, SALLYPORT_DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', logFile ?? 'inherit'],
  });
}

/** The issuer, once the service is ready. Rejects when the process ends before. */
async function untilReady(child: ChildProcess, dataDir: string): Promise<string> {
  const deadline = Date.now() + readyWithinMs;
  const operator = Operator.of(dataDir);
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    if (existsSync(join(dataDir, 'admin.json'))) return operator.access().issuer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error('the service did not become ready; is it built (npm run build)?');
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  await exited;
  clearTimeout(timer);
}
