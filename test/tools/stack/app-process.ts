// A built app of the distributed profile as a process: started with settings of its own, told by its id.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '../repository.js';

export interface AppOptions {
  /** Added to an environment without any `SALLYPORT_*`; `PORT` is 0 unless named. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its logs go; kept for `output` alone by default. */
  readonly logFile?: number;
  /** Outlives this process. */
  readonly detached?: boolean;
}

const listensWithinMs = 30_000;
const stopWithinMs = 30_000;
const maxOutput = 200_000;

export class AppProcess {
  private constructor(
    readonly name: string,
    readonly process: ChildProcess,
    private readonly started: {
      readonly url: string;
      readonly adminUrl: string | undefined;
      readonly written: { text: string };
    },
  ) {}

  /** Base URL of its own port. */
  get url(): string {
    return this.started.url;
  }

  /** Base URL of its operators' listener, where it has one. */
  get adminUrl(): string | undefined {
    return this.started.adminUrl;
  }

  /** Resolves when it listens, ready or not. Rejects with what it wrote when it ends before. */
  static async start(name: string, { env, logFile, detached = false }: AppOptions): Promise<AppProcess> {
    const main = join(repositoryRoot(), 'dist', 'apps', name, 'src', 'main.js');
    const ours = /^(SALLYPORT_|PORT$|NODE_)/;
    const inherited = Object.entries(process.env).filter(([key]) => !ours.test(key));
    const child = spawn(process.execPath, [main], {
      env: { ...Object.fromEntries(inherited), PORT: '0', ...env },
      stdio: ['ignore', 'pipe', logFile ?? 'pipe'],
      detached,
    });
    const written = { text: '' };
    const keep = (text: string): void => {
      written.text = (written.text + text).slice(-maxOutput);
    };
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
    const deadline = performance.now() + listensWithinMs;
    while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
      const port = /^ {2}port +(\d+)$/m.exec(written.text)?.[1];
      const adminUrl = /^ {2}operators +(http:\S+),/m.exec(written.text)?.[1];
      const url = `http://127.0.0.1:${port}`;
      if (port !== undefined) return new AppProcess(name, child, { url, adminUrl, written });
      await sleep(20);
    }
    child.kill('SIGKILL');
    throw new Error(`${name} did not start: ${written.text}`);
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** The end of what it wrote. */
  output(): string {
    return this.started.written.text;
  }

  /** What it says of its readiness. */
  async readiness(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }> {
    const answer = await fetch(`${this.url}/health/ready`);
    const body = (await answer.json()) as { checks?: Record<string, string> };
    return { ready: answer.ok, checks: body.checks ?? {} };
  }

  /** Rejects with what it lacks. */
  async untilReady(withinMs = 30_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    let last: unknown = 'never answered';
    while (performance.now() < deadline && !this.hasEnded) {
      const { ready, checks } = await this.readiness().catch(() => ({ ready: false, checks: last }));
      if (ready) return;
      last = checks;
      await sleep(50);
    }
    throw new Error(`${this.name} is not ready: ${JSON.stringify(last)} ${this.output().slice(-4_000)}`);
  }

  /** SIGTERM; resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.hasEnded) return this.process.exitCode;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), stopWithinMs);
    await exited;
    clearTimeout(timer);
    return this.process.exitCode;
  }

  async kill9(): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }
}
