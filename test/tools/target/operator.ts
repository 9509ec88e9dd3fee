// What an operator can do to the service, over its admin listener, with the credential in its data directory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Person } from '../client/index.js';

interface Access {
  readonly issuer: string;
  readonly address: string;
  readonly credential: string;
}

type Json = Readonly<Record<string, unknown>>;

export class OperatorError extends Error {
  constructor(
    readonly status: number,
    readonly path: string,
    readonly problem: Json,
  ) {
    super(`${path}: ${status} ${JSON.stringify(problem)}`);
    this.name = 'OperatorError';
  }
}

const reason = 'drill';

export class Operator {
  constructor(private readonly dataDir: string) {}

  /** How the running service is reached; throws while there is none. */
  access(): Access {
    return JSON.parse(readFileSync(join(this.dataDir, 'admin.json'), 'utf8')) as Access;
  }

  async openAccount({ username, password }: Person): Promise<{ readonly accountId: string }> {
    const opened = await this.order('/admin/accounts', { email: username, password });
    return { accountId: String(opened['accountId']) };
  }

  lock(accountId: string): Promise<Json> {
    return this.order(`/admin/accounts/${accountId}/lock`, { reason });
  }

  unlock(accountId: string): Promise<Json> {
    return this.order(`/admin/accounts/${accountId}/unlock`, { reason });
  }

  erase(accountId: string): Promise<Json> {
    return this.order(`/admin/accounts/${accountId}/erase`, { reason });
  }

  /** Rejects with 404 when nobody has that name. */
  find(email: string): Promise<Json> {
    return this.order('/admin/accounts/find', { email });
  }

  rotateRefreshKey(): Promise<Json> {
    return this.order('/admin/keys/rotate', { purpose: 'refresh', reason });
  }

  declareStoreRestored(): Promise<Json> {
    return this.order('/admin/store/restored', { reason });
  }

  async advanceClock(seconds: number): Promise<void> {
    await this.order('/admin/clock/advance', { seconds });
  }

  /** Whether the service was started with a clock that can be moved; moves it by a second to find out. */
  async canAdvanceClock(): Promise<boolean> {
    try {
      await this.advanceClock(1);
      return true;
    } catch (error) {
      if (error instanceof OperatorError && error.status === 409) return false;
      throw error;
    }
  }

  account(accountId: string): Promise<Json> {
    return this.send(`/admin/accounts/${accountId}`);
  }

  /** What happened to the account, findings included, oldest first. */
  async timeline(accountId: string): Promise<readonly unknown[]> {
    const entries: unknown[] = [];
    let before = '';
    for (;;) {
      const page = await this.send(`/admin/accounts/${accountId}/timeline?limit=200${before}`);
      entries.push(...(page['entries'] as readonly unknown[]));
      if (page['next'] === undefined) return entries.reverse();
      before = `&before=${String(page['next'])}`;
    }
  }

  /** The active rules, and how far they are; `hash` once they run. */
  rules(): Promise<Json> {
    return this.send('/admin/rules');
  }

  /** Resolves when the rules run: what happens before is history to them. Rejects after the time. */
  async untilRulesRun(withinMs = 10_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while ((await this.rules())['hash'] === undefined) {
      if (Date.now() > deadline) throw new Error('the rules do not run');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private order(path: string, body: Json): Promise<Json> {
    return this.send(path, { method: 'POST', body: JSON.stringify(body) });
  }

  private async send(path: string, sent: { method?: 'POST'; body?: string } = {}): Promise<Json> {
    const { address, credential } = this.access();
    const headers = {
      authorization: `Bearer ${credential}`,
      'x-operator': 'drill',
      ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const answer = await fetch(`${address}${path}`, { ...sent, headers });
    const problem = (await answer.json()) as Json;
    if (!answer.ok) throw new OperatorError(answer.status, path, problem);
    return problem;
  }
}
