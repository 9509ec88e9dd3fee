// Processes and ports of engines under test: run to the end, stop by id, ports that are free.
import { execFile } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

const runLimitMs = 180_000;

/** Runs a program to its end; rejects with what it printed when it fails. */
export async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, [...args], { timeout: runLimitMs, maxBuffer: 16 * 2 ** 20 });
}

/** Ports of 127.0.0.1 that nobody listened on just now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
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
