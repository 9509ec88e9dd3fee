// The built service with more to do than it can, and on its way out.
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminRequest, startService } from '@sallyport/testing';
import type { RunningService } from '@sallyport/testing';

const password = 'correct horse battery staple';
const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-e2e-'));
const running: RunningService[] = [];

async function start(env: Record<string, string> = {}): Promise<RunningService> {
  const service = await startService({ env, dataDir });
  running.push(service);
  return service;
}

afterAll(async () => {
  await Promise.all(running.map((service) => service.kill9()));
  rmSync(dataDir, { recursive: true, force: true });
});

describe('overload', () => {
  it('is answered 503 with Retry-After at once, while health still answers', async () => {
    const service = await start({ SALLYPORT_MAX_IN_FLIGHT: '2' });
    const sockets = Array.from({ length: 4 }, () => holdOpen(service.issuer));
    const first = await Promise.race(sockets.map(({ answer }) => answer));
    expect(first).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*temporarily_unavailable/i);
    expect((await fetch(`${service.issuer}/health/live`)).status).toBe(200);
    for (const { socket } of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await fetch(`${service.issuer}/token`, { method: 'POST' })).status).toBe(400);
    const metrics = await (await fetch(`${service.issuer}/metrics`)).text();
    expect(metrics).toMatch(/sallyport_http_requests_shed_total\{kind="tokens"\} 2/);
    await service.stop();
  });
});

describe('a stop', () => {
  it('answers every request that was accepted, durably, and exits with 0', async () => {
    const service = await start();
    const load = startLoad(service.issuer, 16);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const opening = adminRequest(service, '/admin/accounts', { email: 'late@example.org', password });
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(await service.stop()).toBe(0);
    const { accountId } = await opening;
    const { answered, cut } = await load;
    expect(answered).toBeGreaterThan(16);
    expect(cut).toEqual([]);
    expect(existsSync(join(dataDir, 'admin.json'))).toBe(false);
    const again = await start();
    const found = await adminRequest(again, `/admin/accounts/${String(accountId)}`);
    expect(found).toMatchObject({ status: 'open' });
    await again.stop();
  });

  it('waits for a slow request, but not after a second signal', async () => {
    const service = await start();
    const { socket } = holdOpen(service.issuer);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const exited = once(service.process, 'exit');
    service.process.kill('SIGTERM');
    const waits = new Promise((resolve) => setTimeout(() => resolve('waits'), 700));
    expect(await Promise.race([exited, waits])).toBe('waits');
    service.process.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    socket.destroy();
  });
});

/** A token request whose body does not end. */
function holdOpen(issuer: string) {
  const socket = connect(Number(new URL(issuer).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const head = 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n';
  socket.write(`${head}Content-Length: 100\r\n\r\ngrant_type=`);
  const answer = once(socket, 'data').then(([data]) => String(data));
  return { socket, answer };
}

/** Requests one after the other on kept connections until the service takes no new connection. */
async function startLoad(issuer: string, connections: number): Promise<{ answered: number; cut: string[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let answered = 0;
  const cut: string[] = [];
  const one = async (): Promise<void> => {
    for (;;) {
      const outcome = await get(`${issuer}/.well-known/jwks.json`, agent);
      if (outcome === 'answered') answered += 1;
      if (outcome === 'refused') return;
      if (outcome.startsWith('cut')) return void cut.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  return { answered, cut };
}

function get(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(url, { agent }, (response) => {
      response.resume().once('end', () => resolve('answered'));
      response.once('error', (error) => resolve(`cut ${error.message}`));
    });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : `cut ${error.code}`);
    });
    sent.end();
  });
}
