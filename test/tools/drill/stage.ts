// What a scenario plays with: people, their phones, thieves, the ledger, and checks that are counted.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as oauth from 'oauth4webapi';
import {
  App,
  demoBearer,
  demoPhone,
  discover,
  newDeviceKey,
  newId,
  SignedOut,
  TokenCaller,
} from '../client/index.js';
import type { DeviceKey, HeldTokens, Person } from '../client/index.js';
import type { Report } from '../report.js';
import type { Target } from '../target/target.js';

export interface Scenario {
  readonly name: string;
  /** The rule it shows. */
  readonly title: string;
  /** Runs only where the service's clock can be moved. */
  readonly needsClock?: true;
  /** Runs only where requests can come from anywhere: a service that trusts this machine as a proxy. */
  readonly needsPlaces?: true;
  /** Runs only where events can be forged: a service started with SALLYPORT_TEST_BUS=1. */
  readonly needsBus?: true;
  /** Changes the rules for everybody: not on a service that somebody else started. */
  readonly needsOwn?: true;
  play(stage: Stage): Promise<void>;
}

export interface Account extends Person {
  readonly accountId: string;
}

/** Ids in an access token (RFC 9068); read, not checked: that is the resource's business. */
export interface SessionIds {
  readonly sub: string;
  readonly sid: string;
  readonly did?: string;
}

export class Stage {
  private constructor(
    readonly target: Target,
    readonly report: Report,
    private readonly as: Awaited<ReturnType<typeof discover>>,
  ) {}

  static async build(target: Target, report: Report): Promise<Stage> {
    return new Stage(target, report, await discover(target.issuer));
  }

  /** Somebody new with an account of their own, who calls from the address. */
  async person(address?: string): Promise<Account> {
    const person = { username: `drill-${newId().toLowerCase()}@example.org`, password: `drill ${newId()}` };
    const { accountId } = await this.target.operator.openAccount(person);
    return { ...person, accountId, ...(address === undefined ? {} : { address }) };
  }

  /** A phone that is not signed in yet. */
  async newPhone(options: { key?: DeviceKey; attempts?: boolean } = {}): Promise<App> {
    const key = options.key ?? (await newDeviceKey());
    return new App({ as: this.as, registration: demoPhone, key, attempts: options.attempts });
  }

  /** A phone the person has just signed in on, where they are. */
  async phone(person: Person, options: { attempts?: boolean } = {}): Promise<App> {
    const phone = await this.newPhone(options);
    phone.network.address = person.address;
    await phone.signIn(person);
    return phone;
  }

  /** The same without a device key. */
  async bearerApp(person: Person): Promise<App> {
    const app = new App({ as: this.as, registration: demoBearer });
    await app.signIn(person);
    return app;
  }

  /** Somebody who sends single requests as the app's client: a thief, or a network that duplicates. */
  stranger(app: App): TokenCaller {
    return new TokenCaller(this.as, app.options.registration.clientId);
  }

  check(name: string, holds: boolean, seen?: unknown): boolean {
    return this.report.check(name, holds, seen);
  }

  /** The attempt ends in the app being signed out, for the reason where one is named. */
  async signsOut(name: string, attempt: Promise<unknown>, reason?: string): Promise<void> {
    const end = await attempt.then(
      () => 'it went through',
      (error: unknown) => error,
    );
    const holds = end instanceof SignedOut && (reason === undefined || end.reason === reason);
    this.check(name, holds, end instanceof Error ? `${end.name}: ${end.message}` : end);
  }

  /** Resolves with the error; a check fails when there is none. */
  async rejects(name: string, attempt: Promise<unknown>): Promise<Error | undefined> {
    const error = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    this.check(name, error !== undefined, 'it went through');
    return error;
  }

  /** A code is refused, for the reason where one is named. */
  async refuses(name: string, exchange: Promise<unknown>, reason?: string): Promise<void> {
    const error = await exchange.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const answer = error instanceof oauth.ResponseBodyError ? error.cause : { unexpected: String(error) };
    const holds =
      answer['error'] === 'invalid_grant' && (reason === undefined || answer['reason'] === reason);
    this.check(name, holds, answer);
  }

  /** The session's stream tells exactly this. */
  async sessionTells(sid: string, expected: readonly string[]): Promise<void> {
    await this.streamTells(`session-${sid}`, expected);
  }

  /**
   * The same of a session that something ended. Of several replicas one may have rotated on what it
   * remembered and learnt of the end before it answered: that is in the ledger, and nothing was given out.
   */
  async endedSessionTells(sid: string, expected: readonly string[]): Promise<void> {
    await this.sessionTells(sid, this.target.hasReplicas ? [...expected, 'refresh-rotated*'] : expected);
  }

  /** What is recorded once in a while, by each process for itself. */
  onceEach(name: string): readonly string[] {
    return this.target.hasReplicas ? [name, `${name}*`] : [name];
  }

  /** The stream tells exactly this; a name with `*` may come any number of times. */
  async streamTells(stream: string, expected: readonly string[]): Promise<void> {
    const seen = await this.target.ledger.history(stream);
    const steps = expected.map((name) => {
      const text = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return text.endsWith('\\*') ? `(${text.slice(0, -2)};)*` : `${text};`;
    });
    const holds = new RegExp(`^${steps.join('')}$`).test(seen.map((name) => `${name};`).join(''));
    this.check(`the ledger tells: ${expected.join(', ')}`, holds, `it tells: ${seen.join(', ')}`);
  }

  /** The flags the session carries after its last event that has a state. */
  async flags(sid: string): Promise<readonly string[]> {
    const events = await this.target.ledger.events(`session-${sid}`);
    const states = events.map(({ data }) => data['state'] as { flags?: string[] } | undefined);
    return states.findLast((state) => state !== undefined)?.flags ?? [];
  }

  /** Nothing in the data directory holds one of these texts in clear. */
  keepsNoneOf(name: string, secrets: readonly string[]): void {
    const { dataDir } = this.target;
    if (dataDir === '') return this.report.skip(name, 'no data directory was named');
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    const found = files.filter((file) => {
      const bytes = readFileSync(join(file.parentPath, file.name));
      return secrets.some((secret) => bytes.includes(secret));
    });
    this.check(
      name,
      found.length === 0,
      found.map((file) => file.name),
    );
  }
}

export function idsOf({ accessToken }: Pick<HeldTokens, 'accessToken'>): SessionIds {
  const [, payload = ''] = accessToken.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as SessionIds;
}
