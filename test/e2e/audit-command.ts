// Runs the auditors' command from its build, as a process beside whatever else runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryRoot } from '../tools/repository.js';

export const main = join(repositoryRoot(), 'dist', 'apps', 'auditor', 'src', 'main.js');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Without blocking this process, which may be sending requests meanwhile. */
export async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const surroundings = { ...process.env, NODE_OPTIONS: '', ...env };
  const child = spawn(process.execPath, [main, ...args], { env: surroundings });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}
