// The entrance in front of replicas: which get requests, what they are told, what strangers are not given.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, stopProcess } from '../engines/processes.js';
import { textOf } from './compose-file.js';
import { entranceConfig, until } from './deployment.js';

/** A replica as the entrance sees it. */
class Replica {
  readonly seen: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  ready = true;
  readonly server: Server = createServer((request, answer) => {
    const isHealth = request.url === '/health/ready';
    if (!isHealth) this.seen.push({ path: request.url ?? '', headers: request.headers });
    answer.writeHead(isHealth && !this.ready ? 503 : 200).end();
  });

  async listen(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

const directory = mkdtempSync(join(tmpdir(), 'sallyport-entrance-'));
const replicas = [new Replica(), new Replica()] as const;
let proxy: ChildProcess;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  const addresses = await Promise.all(replicas.map((replica) => replica.listen()));
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, entranceConfig(port, addresses));
  proxy = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/entrance`)).ok);
}, 60_000);

afterAll(async () => {
  await stopProcess(proxy, 'SIGKILL');
  for (const { server } of replicas) server.close();
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  for (const replica of replicas) replica.seen.length = 0;
});

async function ask(times: number, headers: Record<string, string> = {}): Promise<number[]> {
  const codes: number[] = [];
  for (let at = 0; at < times; at += 1) codes.push((await fetch(`${url}/token`, { headers })).status);
  return codes;
}

describe('the entrance', () => {
  it('is as HAProxy takes it, names and all', () => {
    const file = join(directory, 'as-it-is.cfg');
    writeFileSync(file, textOf('deploy', 'haproxy.cfg'));
    expect(spawnSync('haproxy', ['-c', '-f', file]).status).toBe(0);
    writeFileSync(file, textOf('deploy', 'haproxy.cfg').replace('option redispatch', 'option redispatches'));
    expect(spawnSync('haproxy', ['-c', '-f', file]).status).toBe(1);
  });

  it('gives requests to all replicas in turn', async () => {
    await ask(10);
    expect(replicas.map(({ seen }) => seen.length)).toEqual([5, 5]);
  });

  it('tells them who asked, whatever the asker says of it', async () => {
    await ask(2, { 'x-forwarded-for': '192.0.2.7', 'x-request-id': 'mine-for-good' });
    const told = replicas.flatMap(({ seen }) => seen.map(({ headers }) => headers));
    expect(told.map((headers) => headers['x-forwarded-for'])).toEqual(['127.0.0.1', '127.0.0.1']);
    const ids = told.map((headers) => String(headers['x-request-id']));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('passes what clients need, and nothing else', async () => {
    const passed = ['/authorize?x=1', '/sign-in', '/sign-up', '/revoke', '/v1/sessions', '/.well-known/x'];
    for (const path of passed) expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
    const kept = ['/metrics', '/health/ready', '/admin/x', '/tokens', '/v1', '/token/../metrics', '//v1/'];
    for (const path of kept) expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    const seen = replicas.flatMap((replica) => replica.seen.map(({ path }) => path));
    expect(seen.sort()).toEqual([...passed].sort());
  });

  it('leaves out a replica that is not ready, and takes it in again', async () => {
    replicas[0].ready = false;
    await until(async () => {
      replicas[0].seen.length = 0;
      await ask(4);
      return replicas[0].seen.length === 0;
    });
    replicas[0].ready = true;
    await until(async () => {
      await ask(2);
      return replicas[0].seen.length > 0;
    });
  }, 60_000);

  it('says 503, of itself too, when none is ready', async () => {
    for (const replica of replicas) replica.ready = false;
    await until(async () => (await fetch(`${url}/entrance`)).status === 503);
    expect(await ask(1)).toEqual([503]);
    for (const replica of replicas) replica.ready = true;
    await until(async () => (await fetch(`${url}/entrance`)).ok);
  }, 60_000);
});
