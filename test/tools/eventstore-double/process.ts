// Starts the built double of EventStoreDB in a process of its own, and stops that.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryRoot } from '../repository.js';

export interface DoubleProcess {
  /** For the real client. */
  readonly url: string;
  readonly process: ChildProcess;
  /** SIGTERM or a crash, and waits for the end. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const readyWithinMs = 15_000;

/** Resolves when it listens. Rejects with what it wrote when it ends before. */
export async function startDouble(options: {
  readonly dataDir: string;
  readonly port?: number;
  readonly synchronous?: 'FULL' | 'NORMAL' | 'OFF';
}): Promise<DoubleProcess> {
  const main = join(repositoryRoot(), 'dist', 'test', 'tools', 'eventstore-double', 'main.js');
  const { dataDir, port = 0, synchronous = 'FULL' } = options;
  const words = [main, '--data-dir', dataDir, '--port', String(port), '--synchronous', synchronous];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const url = await readyAt(child);
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return { url, process: child, stop };
}

function readyAt(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let written = '';
    const fail = () => reject(new Error(`the double did not start: ${written}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail();
    }, readyWithinMs);
    const look = (text: string) => {
      written += text;
      const url = /at (esdb:\S+)\n/.exec(written)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.setEncoding('utf8').on('data', look);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (written += text));
    child.once('exit', () => {
      clearTimeout(timer);
      fail();
    });
  });
}
