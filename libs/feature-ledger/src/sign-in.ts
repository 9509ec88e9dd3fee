// Checks a name and a password, and says on which revisions that was decided.
import { Injectable } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { streams } from '@sallyport/core-session';
import type { AccountState, Marker } from '@sallyport/core-session';
import { AttemptLimits, Clock, EventStore, PasswordHasher } from '@sallyport/engine';
import type { Versioned } from '@sallyport/engine';
import { Credentials, KeyRing, networkOf, nameHash as keyedHash, PersonalKeys } from '@sallyport/tokens';
import { SignIn } from './account-commands.js';
import type { SignInResult } from './account-commands.js';
import { Ledger } from './ledger.js';
import { LoginRecorder } from './login-recorder.js';
import { LedgerMetrics } from './metrics.js';
import { Names } from './names.js';
import { Networks, personalOrigin } from './origin.js';
import type { RequestOrigin } from './session-commands.js';

/** RFC 8176 and our own context class reference for a password sign-in. */
const passwordMethods = ['pwd'];
const passwordContext = 'urn:sallyport:acr:password';
const limitedSpace = 'sign-in';

/** Compares passwords with what an account's latest credential event holds. */
@Injectable()
export class Passwords {
  constructor(
    private readonly store: EventStore,
    private readonly hasher: PasswordHasher,
    private readonly credentials: Credentials,
  ) {}

  hash(password: string): Promise<string> {
    return this.hasher.hash(password);
  }

  /** Whether the password fits. Without an account it takes as long and says no. */
  async fits(password: string, account: Versioned<AccountState | undefined> | undefined): Promise<boolean> {
    const hash =
      account?.state === undefined ? undefined : await this.storedHash(account.stream, account.state);
    if (hash === undefined) {
      await this.hasher.verifyAgainstNothing(password);
      return false;
    }
    return this.hasher.verify(hash, password);
  }

  private async storedHash(stream: string, account: AccountState): Promise<string | undefined> {
    if (account.status === 'erased' || account.status === 'closed') return undefined;
    const [event] = await this.store.read(stream, account.credentialRevision, 1);
    if (event?.credential === undefined) return undefined;
    return this.credentials.open({ stream, eventId: event.id }, event.credential)['hash'] as string;
  }
}

@CommandHandler(SignIn)
export class SignInHandler implements ICommandHandler<SignIn> {
  constructor(
    private readonly ledger: Ledger,
    private readonly names: Names,
    private readonly passwords: Passwords,
    private readonly recorder: LoginRecorder,
    private readonly networks: Networks,
    private readonly personalKeys: PersonalKeys,
    private readonly ring: KeyRing,
    private readonly metrics: LedgerMetrics,
    private readonly clock: Clock,
    private readonly limits: AttemptLimits,
  ) {}

  async execute(order: SignIn): Promise<SignInResult> {
    const result = await this.signIn(order);
    this.metrics.signIns.inc({ outcome: result.kind });
    return result;
  }

  private async signIn({ input, origin }: SignIn): Promise<SignInResult> {
    const nameHash = this.names.hash(input.username);
    // Per name and address: strangers elsewhere cannot keep the owner out.
    const throttleKey = keyedHash(`sign-in ${nameHash} ${networkOf(origin.ip)}`, this.ring);
    const retryAfterSeconds = await this.limits.retryAfterSeconds(limitedSpace, throttleKey);
    if (retryAfterSeconds > 0) return { kind: 'throttled', retryAfterSeconds };
    const accountId = await this.names.holder(nameHash);
    // Read before the credentials are checked: whatever is revoked meanwhile ends this sign-in too.
    const [account, cutoffs] = await Promise.all([
      accountId === undefined ? undefined : this.ledger.accounts.fetch(streams.account(accountId)),
      this.ledger.cutoffs.fetch(streams.cutoffs),
    ]);
    const fits = await this.passwords.fits(input.password, account);
    if (!fits || accountId === undefined || account?.state === undefined) {
      return this.failed({ throttleKey, nameHash, accountId, origin });
    }
    await this.limits.succeeded(limitedSpace, throttleKey);
    if (account.state.status !== 'open') return { kind: 'locked' };
    const marker = { account: account.revision, cutoffs: cutoffs.revision };
    return this.succeeded({ accountId, marker, clientId: input.clientId }, origin);
  }

  private async failed(attempt: {
    readonly throttleKey: string;
    readonly nameHash: string;
    readonly accountId: string | undefined;
    readonly origin: RequestOrigin;
  }): Promise<SignInResult> {
    const { accountId, nameHash, origin } = attempt;
    const ownTag =
      accountId === undefined ? undefined : await this.personalKeys.networkTag(accountId, origin.ip);
    const ipTag = ownTag ?? keyedHash(`network ${networkOf(origin.ip)} ${nameHash}`, this.ring).slice(0, 16);
    this.recorder.failed({ accountId, nameHash, network: await this.networks.tagged(origin.ip, ipTag) });
    const { failures, delaySeconds } = await this.limits.failed(limitedSpace, attempt.throttleKey);
    if (delaySeconds === 0) return { kind: 'refused' };
    const stream = accountId === undefined ? streams.loginName(nameHash) : streams.login(accountId);
    const data = { failures, retryAfterSeconds: delaySeconds, ipTag };
    const ordered = { actor: { kind: 'system' as const }, correlationId: origin.correlationId };
    await this.recorder.append(
      stream,
      { type: 'login.throttled', data },
      { ordered, partitionKey: accountId ?? '*' },
    );
    return { kind: 'refused' };
  }

  private async succeeded(
    by: { readonly accountId: string; readonly marker: Marker; readonly clientId: string },
    origin: RequestOrigin,
  ): Promise<SignInResult> {
    const { accountId, marker, clientId } = by;
    const network = await this.networks.ofAccount(accountId, origin);
    const data = { clientId, amr: passwordMethods, ...(network === undefined ? {} : { network }) };
    const ordered = { actor: { kind: 'user' as const, id: accountId }, correlationId: origin.correlationId };
    await this.recorder.append(
      streams.login(accountId),
      { type: 'login.succeeded', data, personal: personalOrigin(origin) },
      { ordered, partitionKey: accountId },
    );
    const authentication = {
      accountId,
      marker,
      authTimeMs: this.clock.now(),
      acr: passwordContext,
      amr: passwordMethods,
    };
    return { kind: 'authenticated', authentication };
  }
}
