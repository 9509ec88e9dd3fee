// Processes and ports of engines under test: run to the end, stop by id, ports that are free.
import { execFile } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { promisify } from 'node:util';

const runLimitMs = 180_000;

/** Runs a program to its end; rejects with what it printed when it fails. */
export async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, [...args], { timeout: runLimitMs, maxBuffer: 16 * 2 ** 20 });
}

/**
 * Ports of 127.0.0.1 that nobody listens on, all different, and given to nobody else while this process
 * lives: a server may bind one late, or again after a crash. None is of those that systems take for outgoing
 * connections: one of those would stand in its way, even a client's that tries to reach the server itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count && tries < 1000; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await reserve(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`${count} free ports were not found in 1000 tries`);
  return ports;
}

/** One of `freePorts`. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** Free, and held from now on till the process ends, on an address next door that no server of ours binds. */
async function reserve(port: number): Promise<boolean> {
  const sign = createServer();
  // A system without that address has no such signs: its ports are drawn at random alone.
  if ((await tryListen(sign, port, '127.0.0.2')) === 'EADDRINUSE') return false;
  sign.unref();
  const probe = createServer();
  const isFree = (await tryListen(probe, port, '127.0.0.1')) === undefined;
  await once((isFree ? probe : sign).close(), 'close');
  return isFree;
}

/** The code of its error, if it fails. */
async function tryListen(server: Server, port: number, host: string): Promise<string | undefined> {
  try {
    await once(server.listen(port, host), 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** Ends a process by its id and resolves when it is gone; one that stays is killed after ten seconds. */
export async function stopProcess(process: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, 'exit');
  process.kill(signal);
  const timer = setTimeout(() => process.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}
