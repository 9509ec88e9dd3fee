// Starts the yardstick of the bench in a process of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stopProcess } from '../../engines/processes.js';
import { newDeviceKey, ProofSigner } from '../client/index.js';
import { repositoryRoot } from '../repository.js';
import type { LoadSession } from './connection.js';
import { takesTaskset } from './figures.js';
import type { Kind } from './refresh-load.js';

/** Where refreshes go, and what is refreshed there. */
export interface Side {
  readonly issuer: URL;
  readonly sessions: Readonly<Record<Kind, LoadSession[]>>;
}

/** The yardstick's process, and who refreshes there. */
export interface Bare {
  readonly side: Side;
  stop(): Promise<void>;
}

export interface BareSize {
  /** As taskset takes them, or "all". */
  readonly cores: string;
  /** Of each kind. */
  readonly sessions: number;
}

/** Starts it, with a file of its own that `stop` deletes. Rejects when it ends before it listens. */
export async function startBare({ cores, sessions }: BareSize): Promise<Bare> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-bare-'));
  const pinned = cores !== 'all' && takesTaskset();
  const main = join(repositoryRoot(), 'dist', 'test', 'tools', 'bench', 'bare-service.js');
  const words = [process.execPath, main, dataDir, String(2 * sessions)];
  const [program = '', ...args] = pinned ? ['taskset', '-c', cores, ...words] : words;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = async (): Promise<void> => {
    await stopProcess(child, 'SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  };
  const { issuer, tokens } = await firstWords(child).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const withoutKeys = tokens.slice(0, sessions).map((token) => sessionOf(token));
  const withKeys = await Promise.all(
    tokens.slice(sessions).map(async (token) => {
      const { privateKey } = await newDeviceKey();
      return sessionOf(token, new ProofSigner(new URL('/token', issuer).href, privateKey));
    }),
  );
  const side = { issuer: new URL(issuer), sessions: { bearer: withoutKeys, dpop: withKeys } };
  return { side, stop };
}

function sessionOf(refreshToken: string, key?: ProofSigner): LoadSession {
  return { clientId: 'bare', key, refreshToken, accessToken: '', nonce: undefined };
}

/** What it says once it listens. Rejects when it ends before. */
async function firstWords(child: ChildProcess): Promise<{ issuer: string; tokens: string[] }> {
  const lines = createInterface({ input: child.stdout! });
  const line = once(lines, 'line') as Promise<[string]>;
  const [words] = await Promise.race([line, once(child, 'exit')]);
  if (typeof words !== 'string') throw new Error('the bare service did not start');
  return JSON.parse(words) as { issuer: string; tokens: string[] };
}
