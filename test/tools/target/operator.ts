// What an operator can do to the service, over its admin listener, with the credential of its file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Person } from '../client/index.js';

interface Access {
  /** Known where the service wrote it down. */
  readonly issuer: string;
  readonly address: string;
  readonly credential: string;
}

type Sent = RequestInit & { readonly headers?: Readonly<Record<string, string>> };
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
  private constructor(
    /** How the running service is reached; throws while there is none. */
    readonly access: () => Access,
  ) {}

  /** Of the service that has the data directory, whichever runs on it. */
  static of(dataDir: string): Operator {
    return new Operator(() => JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8')) as Access);
  }

  /** Of a service that was told where its credential stands. */
  static at(address: string, credentialFile: string): Operator {
    return new Operator(() => {
      return { issuer: '', address, credential: readFileSync(credentialFile, 'utf8').trim() };
    });
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
    return this.ask(`/admin/accounts/${accountId}`);
  }

  /** What happened to the account, findings included, oldest first. */
  async timeline(accountId: string): Promise<readonly unknown[]> {
    const entries: unknown[] = [];
    let before = '';
    for (;;) {
      const page = await this.ask(`/admin/accounts/${accountId}/timeline?limit=200${before}`);
      entries.push(...(page['entries'] as readonly unknown[]));
      if (page['next'] === undefined) return entries.reverse();
      before = `&before=${String(page['next'])}`;
    }
  }

  /** Resolves when the rules run: what happens before is history to them. Rejects after the time. */
  async untilRulesRun(withinMs = 10_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while ((await this.rules())['hash'] === undefined) {
      if (Date.now() > deadline) throw new Error('the rules do not run');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  release(accountId: string): Promise<Json> {
    return this.order(`/admin/accounts/${accountId}/release`, { reason });
  }

  /** The rules at work: `position` up to which events are judged, `enforcement`, `hash`, and more. */
  rules(): Promise<Json> {
    return this.ask('/admin/rules');
  }

  /** `rules`: YAML. Rejects with every mistake in it. */
  activateRules(rules: string): Promise<Json> {
    return this.order('/admin/rules/activate', { rules, reason });
  }

  /** Newest first. */
  async findings(accountId: string): Promise<readonly Json[]> {
    const { findings } = await this.ask(`/admin/accounts/${accountId}/findings`);
    return findings as readonly Json[];
  }

  dismiss(accountId: string, findingId: string): Promise<Json> {
    return this.order(`/admin/accounts/${accountId}/findings/dismiss`, { findingId, reason });
  }

  resumeEnforcement(): Promise<Json> {
    return this.order('/admin/enforcement/resume', { reason });
  }

  /** An event as if a bus had brought it; for a service that was started with SALLYPORT_TEST_BUS=1. */
  writeToBus(event: object): Promise<Json> {
    return this.order('/admin/bus/events', { ...event });
  }

  /** Whether the service was started so; sends no event to find out. */
  async canWriteToBus(): Promise<boolean> {
    return this.writeToBus({}).then(
      () => true,
      (error: unknown) => error instanceof OperatorError && error.status === 400,
    );
  }

  private order(path: string, body: Json): Promise<Json> {
    return this.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  private async ask(path: string, how: Sent = {}): Promise<Json> {
    const { address, credential } = this.access();
    const headers = { authorization: `Bearer ${credential}`, 'x-operator': 'drill', ...how.headers };
    const answer = await fetch(`${address}${path}`, { ...how, headers });
    const problem = (await answer.json()) as Json;
    if (!answer.ok) throw new OperatorError(answer.status, path, problem);
    return problem;
  }
}
