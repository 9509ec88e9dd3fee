// Replicas of the session API share one ledger: what one did, the other knows; stores may go and come back.
import { newDeviceKey, newId, App, TokenCaller, demoPhone, discover } from '../tools/client/index.js';
import { idsOf } from '../tools/drill/stage.js';
import { AppProcess } from '../tools/stack/app-process.js';
import { Replicas } from './replicas.js';

let replicas: Replicas;
let as: Awaited<ReturnType<typeof discover>>;

beforeAll(async () => {
  replicas = await Replicas.start();
  as = await discover(replicas.proxy.url);
}, 120_000);
afterAll(() => replicas?.dispose());

async function somebody(): Promise<{ username: string; password: string; accountId: string }> {
  const person = { username: `${newId().toLowerCase()}@example.org`, password: `correct ${newId()}` };
  return { ...person, ...(await replicas.operator.openAccount(person)) };
}

/** A phone signed in at a replica. */
async function phone(index = 0): Promise<App> {
  replicas.use(index);
  const app = new App({ as, registration: demoPhone, key: await newDeviceKey() });
  await app.signIn(await somebody());
  return app;
}

/** One refresh, as it is answered: nothing is tried again but what asks for a nonce. */
async function refreshOnce(app: App): Promise<{ status: number; body: Readonly<Record<string, unknown>> }> {
  const caller = new TokenCaller(as, demoPhone.clientId);
  return caller.refresh(app.tokens.refreshToken, { key: app.options.key, attempt: app.tokens.attempt });
}

describe('replicas of the session API', () => {
  it('continue a session that another one began, through restarts of either', async () => {
    const app = await phone();
    replicas.use(1);
    const first = app.tokens.refreshToken;
    await app.refresh();
    expect(app.tokens.refreshToken).not.toBe(first);
    replicas.use(0);
    await app.refresh();
    replicas.useAll();
    for (let times = 0; times < 6; times += 1) await app.refresh();
  });

  it('refuse what another one revoked, the moment it was answered', async () => {
    for (let times = 0; times < 10; times += 1) {
      const app = await phone();
      replicas.use(1);
      await app.refresh();
      const { accessToken } = app.tokens;
      replicas.use(0);
      await app.revoke();
      replicas.use(1);
      const refused = await refreshOnce(app);
      expect([refused.status, refused.body['error'], refused.body['reason']]).toEqual([
        400,
        'invalid_grant',
        'revoked',
      ]);
      app.store.begin({ accessToken, refreshToken: app.tokens.refreshToken });
      expect((await app.call('GET', '/v1/sessions')).status).toBe(401);
    }
  });

  it('give a generation one successor, whoever is asked', async () => {
    const app = await phone();
    replicas.useAll();
    const answers = await Promise.all(Array.from({ length: 12 }, () => refreshOnce(app)));
    const tokens = answers.filter(({ status }) => status === 200).map(({ body }) => body['refresh_token']);
    expect(new Set(tokens).size).toBe(1);
    const refused = answers.filter(({ status }) => status !== 200);
    const said = refused.map(({ status, body }) => `${status} ${String(body['error'])}`);
    expect(said.filter((one) => one !== '503 temporarily_unavailable')).toEqual([]);
  });

  it('know a key that another one made, and that it retired', async () => {
    const app = await phone();
    replicas.use(0);
    await replicas.operator.rotateRefreshKey();
    // New keys are in use at the earliest when all can have read them.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    await app.refresh();
    replicas.use(1);
    await app.refresh();
    const jwks = async (index: number) => {
      replicas.use(index);
      return (await fetch(as.jwks_uri ?? '')).json();
    };
    expect(await jwks(0)).toEqual(await jwks(1));
  }, 30_000);

  it('keep people in who signed in right after a restore was declared at another', async () => {
    const before = await phone(0);
    await replicas.operator.declareStoreRestored();
    const app = await phone(1);
    replicas.use(0);
    await app.refresh();
    replicas.use(1);
    await app.refresh();
    await expect(before.refresh()).rejects.toMatchObject({ reason: 'cut_off' });
  });

  it("answer their operators with one credential, who see each other's work", async () => {
    const person = await somebody();
    const [, other] = replicas.apps as [AppProcess, AppProcess];
    const { Operator } = await import('../tools/target/operator.js');
    const operator = Operator.at(other.adminUrl ?? '', replicas.credentialFile);
    expect(await operator.find(person.username)).toMatchObject({ accountId: person.accountId });
    await operator.lock(person.accountId);
    await replicas.operator.unlock(person.accountId);
  });

  it('tell operators which rules are active, and pause what these do, wherever the rules run', async () => {
    const { address, credential } = replicas.operator.access();
    const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
      const headers = { authorization: `Bearer ${credential}`, 'x-operator': 'ops' };
      const json = { 'content-type': 'application/json' };
      const sent = body && { method: 'POST', body: JSON.stringify(body) };
      const all = { ...headers, ...(body && json) };
      const answer = await fetch(`${address}${path}`, { ...sent, headers: all });
      return (await answer.json()) as Record<string, unknown>;
    };
    await ask('/admin/rules/activate', { rules: 'version: 1\nlocksPerMinute: 7\n', reason: 'test' });
    expect(await ask('/admin/rules')).toMatchObject({ enforcement: 'on', locksPerMinute: 7 });
    await ask('/admin/enforcement/pause', { reason: 'test' });
    expect(await ask('/admin/rules')).toMatchObject({ enforcement: 'paused' });
    await ask('/admin/enforcement/resume', { reason: 'test' });
    expect(await ask('/admin/findings')).toEqual({ findings: [] });
  });

  it('say retryably that the event store is away, never that a token is wrong, and go on', async () => {
    const app = await phone();
    const { sid } = idsOf(app.tokens);
    await replicas.stopEventStore();
    for (const index of [0, 1]) {
      replicas.use(index);
      const answer = await refreshOnce(app);
      expect([answer.status, answer.body['error']]).toEqual([503, 'temporarily_unavailable']);
      expect((await replicas.apps[index]?.readiness())?.ready).toBe(false);
    }
    await replicas.startEventStore();
    for (const one of replicas.apps) await one.untilReady();
    replicas.useAll();
    await app.refresh();
    expect(idsOf(app.tokens).sid).toBe(sid);
  }, 60_000);

  it('refresh without the database, and sign in again when it is back', async () => {
    const app = await phone();
    const person = await somebody();
    await replicas.postgres.stop();
    replicas.useAll();
    await app.refresh();
    await app.refresh();
    const other = new App({ as, registration: demoPhone, key: await newDeviceKey() });
    await expect(other.signIn(person)).rejects.toThrow();
    await replicas.postgres.resume();
    for (let tries = 0; ; tries += 1) {
      const done = await other.signIn(person).then(
        () => true,
        () => false,
      );
      if (done || tries > 50) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await other.refresh();
  }, 60_000);

  it('wait at the start for stores that are away, and say so', async () => {
    await replicas.stopEventStore();
    const late = await AppProcess.start('session-api', { env: replicas.env });
    try {
      const { ready, checks } = await late.readiness();
      expect(ready).toBe(false);
      expect(Object.keys(checks)).toEqual(['start']);
      expect((await fetch(`${late.url}/health/live`)).status).toBe(200);
      await replicas.startEventStore();
      await late.untilReady();
      replicas.apps.push(late);
      expect(await late.stop()).toBe(0);
    } finally {
      await late.kill9();
    }
  }, 60_000);

  it('end on a signal while they wait, and when they serve', async () => {
    const [, second] = replicas.apps as [AppProcess, AppProcess];
    expect(await second.stop()).toBe(0);
    await replicas.stopEventStore();
    const waiting = await AppProcess.start('session-api', { env: replicas.env });
    expect(await waiting.stop()).toBe(0);
    await replicas.startEventStore();
  }, 60_000);
});
