// The built service as its operators meet it: what it shows and does for them, and when it does not start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminRequest, builtApp, collect, spawnService, startService } from '@sallyport/testing';
import type { RunningService } from '@sallyport/testing';

const password = 'correct horse battery staple';
const dirs: string[] = [];
const running: RunningService[] = [];

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-e2e-'));
  dirs.push(dir);
  return dir;
}

async function start(env: Record<string, string> = {}, dataDir = newDir()): Promise<RunningService> {
  const service = await startService({ env, dataDir });
  running.push(service);
  return service;
}

/** Runs to its end; for starts that fail. */
async function fails(env: Record<string, string>, dataDir = newDir()) {
  const child = spawnService({ env, dataDir });
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...output };
}

async function admin(args: readonly string[], input = '') {
  const child = spawn(process.execPath, [builtApp('admin'), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = collect(child);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...output };
}

afterAll(async () => {
  await Promise.all(running.map((service) => service.kill9()));
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

describe('a running service', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await start({ SALLYPORT_TEST_CLOCK: '1' });
  });

  it('says where it is, that its master key is for development, and what to try next', () => {
    expect(service.stdout()).toContain(`Sallyport serves ${service.issuer}`);
    expect(service.stdout()).toMatch(/master key .*development only/);
    expect(service.stdout()).toMatch(/account open --email/);
  });

  it('keeps its files from others', () => {
    for (const name of ['admin.json', 'master.key', 'ledger.sqlite', 'vault.sqlite', 'views.sqlite']) {
      expect(statSync(join(service.dataDir, name)).mode & 0o077).toBe(0);
    }
    expect(statSync(service.dataDir).mode & 0o077).toBe(0);
  });

  it('is live and ready, and counts', async () => {
    expect(await (await fetch(`${service.issuer}/health/live`)).json()).toEqual({ status: 'live' });
    const ready = await fetch(`${service.issuer}/health/ready`);
    expect(await ready.json()).toEqual({ ready: true, checks: { store: 'ok', keys: 'ok', views: 'ok' } });
    const metrics = await (await fetch(`${service.issuer}/metrics`)).text();
    for (const name of [
      'sallyport_http_request_seconds_count{method="GET",route="/health/live",status="200"} 1',
      'sallyport_http_requests_in_flight 1',
      'sallyport_view_lag_seconds',
      'sallyport_passwords{state="waiting"} 0',
      'sallyport_store_synchronous 2',
      'nodejs_eventloop_lag_p99_seconds',
    ]) {
      expect(metrics).toContain(name);
    }
  });

  it('sets careful headers on every answer, errors and unreadable URLs too', async () => {
    for (const path of ['/health/live', '/nowhere', '/%zz', '/v1/sessions']) {
      const { headers } = await fetch(`${service.issuer}${path}`);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each([
    ['GET', '/nowhere', 404],
    ['GET', '/%zz', 400],
    ['POST', '/health/live', 405],
    ['DELETE', '/v1/password', 405],
  ])('answers %s %s with problem details and %d', async (method, path, status) => {
    const response = await fetch(`${service.issuer}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const type = expect.stringMatching(/^urn:sallyport:problem:/);
    expect(await response.json()).toMatchObject({ status, type });
  });

  it('names the methods that a path has instead', async () => {
    const response = await fetch(`${service.issuer}/health/live`, { method: 'POST' });
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it.each([
    ['{"a":', 400],
    [`{"a":"${'x'.repeat(17_000)}"}`, 413],
  ])('refuses a body it cannot read or that is too large', async (body, status) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${service.issuer}/v1/password`, { method: 'POST', body, headers });
    expect(response.status).toBe(status);
  });

  it('shows operators, and nobody else, what they ask for', async () => {
    const dir = ['--data-dir', service.dataDir, '--json'];
    const opening = ['account', 'open', '--email', 'ann@example.org', '--password-stdin', ...dir];
    const opened = await admin(opening, `${password}\n`);
    expect(opened).toMatchObject({ code: 0, stderr: '' });
    const { accountId, position } = JSON.parse(opened.stdout) as { accountId: string; position: string };
    expect(accountId).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(position).toMatch(/^\d+$/);
    expect((await admin(opening, password)).code).toBe(1);
    const shown = await admin(['account', 'show', '--email', 'ANN@example.org', ...dir]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ accountId, email: 'ann@example.org', status: 'open' });
    expect((await admin(['session', 'list', '--id', accountId, ...dir])).stdout).toBe('{"sessions":[]}\n');
    for (const authorization of ['', 'Bearer x', `Basic ${service.admin.credential}`]) {
      const response = await fetch(`${service.admin.address}/admin/keys`, { headers: { authorization } });
      expect(response.status).toBe(401);
    }
    expect((await fetch(`${service.issuer}/admin/keys`)).status).toBe(404);
  });

  it('does what operators order, for a reason', async () => {
    const dir = ['--data-dir', service.dataDir, '--json'];
    const named = ['--email', 'bob@example.org'];
    await admin(['account', 'open', ...named, '--password-stdin', ...dir], password);
    for (const verb of ['lock', 'unlock', 'erase']) {
      expect((await admin(['account', verb, ...named, ...dir])).code).toBe(2);
      expect((await admin(['account', verb, ...named, '--reason', 'drill', ...dir])).code).toBe(0);
    }
    expect((await admin(['account', 'show', ...named, ...dir])).code).toBe(1);
    const rotated = await admin(['keys', 'rotate', '--reason', 'drill', ...dir]);
    const purposes = [{ purpose: 'signing' }, { purpose: 'refresh' }];
    expect(JSON.parse(rotated.stdout)).toMatchObject({ rotated: purposes });
    expect(await admin(['store', 'restored', '--reason', 'drill', ...dir])).toMatchObject({ code: 0 });
    const moved = await admin(['clock', 'advance', '--seconds', '86400', ...dir]);
    const { now } = JSON.parse(moved.stdout) as { now: string };
    expect(Date.parse(now) - Date.now()).toBeGreaterThan(86_000_000);
  });

  it('writes no secret and nothing personal to its log', async () => {
    const canary = 'canary-5f3a';
    const named = { dpop: canary, cookie: `c=${canary}`, 'user-agent': canary };
    const headers = { authorization: `Bearer ${canary}`, ...named };
    await fetch(`${service.issuer}/authorize?client_id=${canary}&login_hint=${canary}`, { headers });
    await fetch(`${service.issuer}/${canary}`, { headers });
    const grant = { grant_type: 'refresh_token', refresh_token: canary };
    const body = new URLSearchParams({ ...grant, client_id: 'demo-bearer' });
    await fetch(`${service.issuer}/token`, { method: 'POST', body, headers });
    const account = { email: `${canary}@example.org`, password: `${canary}-${password}` };
    await adminRequest(service, '/admin/accounts', account);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(service.stderr()).toContain('"route":"/token"');
    expect(service.stdout() + service.stderr()).not.toContain(canary);
    const metrics = await (await fetch(`${service.issuer}/metrics`)).text();
    expect(metrics).not.toContain(canary);
  });
});

describe('a start', () => {
  it('is refused to a second process on the same data, with words, and the first goes on', async () => {
    const service = await start();
    const second = await fails({}, service.dataDir);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(/is in use by another process \(pid \d+\)/);
    expect(second.stderr).not.toContain('    at ');
    expect((await fetch(`${service.issuer}/health/ready`)).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  it('is refused with every mistake of the configuration, and no stack', async () => {
    const { code, stderr } = await fails({ PORT: 'x', SALLYPORT_SIGNUP: 'on', SALLYPORT_FRESH_SECONDS: '0' });
    expect(code).toBe(78);
    expect(stderr.split('\n').filter((line) => line.startsWith('  - '))).toHaveLength(3);
    expect(stderr).not.toContain('    at ');
  });

  it('is refused where the port is taken, or the master key is another', async () => {
    const service = await start();
    const taken = await fails({ PORT: new URL(service.issuer).port });
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringMatching(/EADDRINUSE.*PORT/) });
    await service.stop();
    writeFileSync(join(service.dataDir, 'master.key'), `${'0123456789abcdef'.repeat(4)}\n`);
    const other = await fails({}, service.dataDir);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/master_key_wrong.*another data directory/);
    expect(other.stderr).not.toContain('    at ');
  });

  it('after kill -9 finds everything, the moved clock too; between them operators are told', async () => {
    const service = await start({ SALLYPORT_TEST_CLOCK: '1' });
    const opened = await adminRequest(service, '/admin/accounts', { email: 'ann@example.org', password });
    await adminRequest(service, '/admin/clock/advance', { seconds: 86_400 });
    await service.kill9();
    const away = await admin(['keys', 'list', '--data-dir', service.dataDir]);
    expect(away).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/does not answer/) });
    const again = await start({ SALLYPORT_TEST_CLOCK: '1' }, service.dataDir);
    const found = await adminRequest(again, '/admin/accounts/find', { email: 'ann@example.org' });
    expect(found).toMatchObject({ accountId: opened['accountId'] });
    const { now } = await adminRequest(again, '/admin/clock/advance', { seconds: 1 });
    expect(Date.parse(String(now)) - Date.now()).toBeGreaterThan(86_000_000);
    expect(await again.stop()).toBe(0);
  });
});
