// The built service in a process of its own, for end-to-end specs: a free port, a data directory, ways to end
// it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 15_000;

export interface ServiceOptions {
  /** Added to an environment without any `SALLYPORT_*`; `PORT` is 0 unless named. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a new temporary directory, deleted by `stop`. */
  readonly dataDir?: string;
  /** Put before the arguments of `node`, e.g. `['taskset', '-c', '0']` or a tracer. */
  readonly prefix?: readonly string[];
}

export interface RunningService {
  readonly issuer: string;
  readonly dataDir: string;
  /** The admin listener and its bearer credential, as the service wrote them into its data directory. */
  readonly admin: { readonly address: string; readonly credential: string };
  readonly process: ChildProcess;
  /** All it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** SIGTERM, then the exit code. Deletes the data directory if `startService` made it. */
  stop(): Promise<number | null>;
  /** SIGKILL; the data directory stays. */
  kill9(): Promise<void>;
}

/** The folder of package.json, from source and from build output alike. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The built entry file of an app: `npm run build` comes first. */
export function builtApp(name: string): string {
  return join(repositoryRoot(), 'dist', 'apps', name, 'src', 'main.js');
}

/** Starts the built service and resolves once it is ready. Rejects with what it wrote when it ends before. */
export async function startService(options: ServiceOptions = {}): Promise<RunningService> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sallyport-'));
  // What a killed service left behind would pass for readiness.
  rmSync(join(dataDir, 'admin.json'), { force: true });
  const child = spawnService({ ...options, dataDir });
  const output = collect(child);
  const ready = await untilReady(child, dataDir, output);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(timer);
    return child.exitCode;
  };
  return {
    issuer: ready.issuer,
    dataDir,
    admin: { address: ready.address, credential: ready.credential },
    process: child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    stop: async () => {
      const code = await end('SIGTERM');
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
      return code;
    },
    kill9: async () => {
      await end('SIGKILL');
    },
  };
}

/** The process alone, for specs about starts that fail: nothing is waited for. */
export function spawnService(options: ServiceOptions & { readonly dataDir: string }): ChildProcess {
  const words = [...(options.prefix ?? []), process.execPath, builtApp('standalone')];
  return spawn(words[0] ?? process.execPath, words.slice(1), {
    env: { ...environmentWithoutSettings(), PORT: '0', SALLYPORT_DATA_DIR: options.dataDir, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A request to the admin listener; `body` makes it a POST. Throws on an answer that is not 2xx. */
export async function adminRequest(
  service: RunningService,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${service.admin.address}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${service.admin.credential}`,
      'content-type': 'application/json',
      'x-operator': 'spec',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

function environmentWithoutSettings(): Record<string, string | undefined> {
  const ours = /^(SALLYPORT_|PORT$|NODE_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** Keeps all the process writes, so that specs can search it. */
export function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return output;
}

interface Ready {
  readonly issuer: string;
  readonly address: string;
  readonly credential: string;
}

async function untilReady(
  child: ChildProcess,
  dataDir: string,
  output: { stdout: string; stderr: string },
): Promise<Ready> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const ready = readReady(join(dataDir, 'admin.json'));
    // Its banner comes through a pipe, and may come after the file.
    if (ready !== undefined && output.stdout.includes(ready.issuer)) return ready;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error(`the service did not become ready:\n${output.stdout}\n${output.stderr}`);
}

function readReady(file: string): Ready | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Ready;
  } catch {
    return undefined;
  }
}
