// A service of its own for an end-to-end spec, with clients of every policy, and people signed in to it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { AuthorizationServer } from 'oauth4webapi';
import {
  demoPhone,
  discover,
  Network,
  newDeviceKey,
  newId,
  obtainCode,
  TokenCaller,
  type Answer,
  type CodeInHand,
  type DeviceKey,
  type How,
  type Person,
} from '../tools/client/index.js';
import { idsOf, type SessionIds } from '../tools/drill/stage.js';
import { OwnTarget } from '../tools/target/target.js';

const common = {
  redirectUris: ['http://127.0.0.1/callback', 'https://app.example.org/callback'],
  scopes: ['offline_access', 'profile'],
};
const clients = [
  { clientId: 'phone', keyBound: true },
  { clientId: 'other-phone', keyBound: true },
  { clientId: 'bearer', keyBound: false },
  { clientId: 'grace-bearer', keyBound: false, graceSeconds: 30 },
  { clientId: 'wrong-key-ends', keyBound: true, wrongKeyEndsSession: true },
  { clientId: 'stale-ends', keyBound: true, staleTokenEndsSession: true },
  { clientId: 'proof-to-revoke', keyBound: true, revocationNeedsProof: true },
  { clientId: 'names-its-key', keyBound: true, requireDpopJkt: true },
  { clientId: 'server', keyBound: true, serverSide: true },
  { clientId: 'short', keyBound: true, idleSeconds: 100, absoluteSeconds: 250 },
].map((client) => ({ ...common, name: client.clientId, ...client }));

const signInsPerPerson = 20;

/** What a person is signed in with: the tokens of the exchange, and the requests to make with them. */
export class SignedIn {
  readonly ids: SessionIds;

  constructor(
    readonly caller: TokenCaller,
    readonly person: Person,
    readonly granted: {
      readonly key?: DeviceKey;
      readonly refreshToken: string;
      readonly accessToken: string;
    },
  ) {
    this.ids = idsOf(granted);
  }

  get first(): string {
    return this.granted.refreshToken;
  }

  /** A refresh by the session's own key, if it has one. */
  refresh(token: string, how: How = {}): Promise<Answer> {
    return this.caller.refresh(token, { key: this.granted.key, ...how });
  }

  /** A refresh that is answered; the new refresh token. */
  async rotate(token: string, how: How = {}): Promise<string> {
    const answer = await this.refresh(token, how);
    expect(answer).toMatchObject({ status: 200 });
    return String(answer.body['refresh_token']);
  }
}

export class UnderTest {
  private readonly people: Person[] = [];
  private signIns = 0;

  private constructor(
    readonly target: OwnTarget,
    readonly as: AuthorizationServer,
    private readonly folder: string,
  ) {}

  /** `env`: settings beside the clients. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<UnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-clients-'));
    const file = join(folder, 'clients.json');
    writeFileSync(file, JSON.stringify({ clients }));
    const target = await OwnTarget.start({ env: { SALLYPORT_CLIENTS_FILE: file, ...env } });
    return new UnderTest(target, await discover(target.issuer), folder);
  }

  async stop(): Promise<void> {
    await this.target.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Somebody with an account; the same one for a while, as passwords cost time. */
  async person(): Promise<Person> {
    const known = this.people[Math.floor(this.signIns / signInsPerPerson)];
    this.signIns += 1;
    if (known !== undefined) return known;
    const person = await this.newPerson();
    this.people.push(person);
    return person;
  }

  async newPerson(): Promise<Person & { readonly accountId: string }> {
    const person = { username: `p-${newId().toLowerCase()}@example.org`, password: `password ${newId()}` };
    const { accountId } = await this.target.operator.openAccount(person);
    return { ...person, accountId };
  }

  /** `address`: where it calls from, see `Network`. */
  caller(clientId: string, address?: string): TokenCaller {
    return new TokenCaller(this.as, clientId, new Network(address));
  }

  /** A code for the client; named for a key when `dpopJkt` is given. */
  async code(
    clientId: string,
    how: { person?: Person; dpopJkt?: string; scope?: string } = {},
  ): Promise<CodeInHand> {
    const person = how.person ?? (await this.person());
    const registration = { ...demoPhone, clientId, scope: how.scope ?? demoPhone.scope };
    return obtainCode(this.as, registration, { person, dpopJkt: how.dpopJkt });
  }

  /** Signs in with a new key. */
  async phone(clientId = 'phone', how: { person?: Person; key?: DeviceKey } = {}): Promise<SignedIn> {
    return this.signIn(clientId, { key: await newDeviceKey(), ...how });
  }

  async bearer(clientId = 'bearer', how: { person?: Person } = {}): Promise<SignedIn> {
    return this.signIn(clientId, how);
  }

  /** The short names of a session's events, in order, but for flags: the rules set them in their own time. */
  async history(session: SignedIn): Promise<string[]> {
    const told = await this.target.ledger.history(`session-${session.ids.sid}`);
    return told.filter((name) => name !== 'flagged');
  }

  private async signIn(clientId: string, how: { person?: Person; key?: DeviceKey }): Promise<SignedIn> {
    const person = how.person ?? (await this.person());
    const code = await this.code(clientId, { person, dpopJkt: how.key?.thumbprint });
    const caller = this.caller(clientId, person.address);
    const { status, body } = await caller.exchange(code, { key: how.key });
    expect({ status, error: body['error'] }).toEqual({ status: 200, error: undefined });
    const [refreshToken, accessToken] = [String(body['refresh_token']), String(body['access_token'])];
    return new SignedIn(caller, person, { key: how.key, refreshToken, accessToken });
  }
}

/** The member of an error answer that clients act on, with its status. */
export function verdict({ status, body }: Answer): string {
  const reason = body['reason'] === undefined ? '' : ` ${String(body['reason'])}`;
  return status === 200 ? 'tokens' : `${status} ${String(body['error'])}${reason}`;
}
