// Runs the orders that set a credential: open an account, change its password.
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { changePassword, claimName, openAccount, streams } from '@sallyport/core-session';
import { AttemptLimits, Clock } from '@sallyport/engine';
import type { Decision, Guard, Position } from '@sallyport/engine';
import { PersonalKeys } from '@sallyport/tokens';
import { ChangePassword, OpenAccount } from './account-commands.js';
import { AccountRunner } from './account-handlers.js';
import { LedgerError } from './errors.js';
import type { LedgerErrorCode } from './errors.js';
import { Ledger } from './ledger.js';
import { Names } from './names.js';
import type { Ordered, Written } from './session-commands.js';
import { Passwords } from './sign-in.js';

/** Characters (Unicode code points) of a password. */
export const passwordLength = { min: 12, max: 256 } as const;

@CommandHandler(OpenAccount)
export class OpenAccountHandler implements ICommandHandler<OpenAccount> {
  constructor(
    private readonly ledger: Ledger,
    private readonly names: Names,
    private readonly passwords: Passwords,
    private readonly personalKeys: PersonalKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * Claims the name, makes the personal key, opens the account. Cut short between these, the name can be
   * claimed anew.
   */
  async execute({ input, ordered }: OpenAccount): Promise<Written & { readonly accountId: string }> {
    const email = this.names.check(input.email);
    checkPassword(input.password);
    const nameHash = this.names.hash(email);
    const credential = await this.passwords.hash(input.password);
    const accountId = this.ledger.ids.id();
    await this.claim({ nameHash, accountId }, ordered);
    await this.personalKeys.create(accountId);
    const actor = ordered.actor.kind === 'user' ? { kind: 'user' as const, id: accountId } : ordered.actor;
    const opening = { accountId, nameHash, credential, email, reason: input.reason };
    const position = await this.open(opening, { ...ordered, actor });
    return { accountId, position };
  }

  /** Guarded by the claim: a name that somebody took over meanwhile opens no second account. */
  private async open(
    opening: {
      readonly accountId: string;
      readonly nameHash: string;
      readonly credential: string;
      readonly email: string;
      readonly reason?: string;
    },
    ordered: Ordered,
  ): Promise<Position> {
    const { accountId, email, ...command } = opening;
    const nowMs = this.clock.now();
    const { answer, appended } = await this.ledger.run(
      this.ledger.accounts,
      {
        stream: streams.account(accountId),
        load: async (fresh) => {
          const name = await this.ledger.names.fetch(streams.loginName(opening.nameHash));
          const account = await this.ledger.loadAccount(accountId, fresh);
          const guards = [{ stream: name.stream, revision: name.revision }];
          return {
            ...account,
            guards,
            state: { account: account.state.state, holder: name.state.accountId },
          };
        },
        decide: ({ account, holder }): Decision<LedgerErrorCode | undefined> => {
          if (holder !== accountId) return { events: [], answer: 'name_taken' };
          const { events, refusal } = openAccount(account, { nowMs, ...command });
          return { events: events.map((event) => ({ ...event, personal: { email } })), answer: refusal };
        },
        own: ({ holder }) => (holder === accountId ? undefined : 'name_taken'),
      },
      { ordered, partitionKey: accountId },
    );
    if (answer !== undefined || appended === undefined) throw new LedgerError(answer ?? 'account_exists');
    return appended.position;
  }

  private async claim(
    claim: { readonly nameHash: string; readonly accountId: string },
    ordered: Ordered,
  ): Promise<void> {
    const stream = streams.loginName(claim.nameHash);
    const { answer: taken } = await this.ledger.run(
      this.ledger.names,
      {
        stream,
        load: async (fresh) => {
          const name = fresh ? await this.ledger.names.fetch(stream) : await this.ledger.names.load(stream);
          const holder = name.state.accountId;
          if (holder === undefined) {
            return { state: { name: name.state, holderExists: false }, revision: name.revision, guards: [] };
          }
          const account = await this.ledger.accounts.fetch(streams.account(holder));
          const guard: Guard = { stream: account.stream, revision: account.revision };
          return {
            state: { name: name.state, holderExists: account.revision >= 0 },
            revision: name.revision,
            guards: [guard],
          };
        },
        decide: ({ name, holderExists }) => {
          const { events, taken } = claimName(name, { accountId: claim.accountId, holderExists });
          return { events, answer: taken };
        },
        own: () => false,
      },
      { ordered, partitionKey: claim.accountId },
    );
    if (taken) throw new LedgerError('name_taken');
  }
}

/** Of `AttemptLimits`: the password of an account, asked for inside a session. */
const limitedSpace = 'password';

@CommandHandler(ChangePassword)
export class ChangePasswordHandler implements ICommandHandler<ChangePassword> {
  constructor(
    private readonly ledger: Ledger,
    private readonly runner: AccountRunner,
    private readonly passwords: Passwords,
    private readonly limits: AttemptLimits,
  ) {}

  async execute({ input, ordered }: ChangePassword): Promise<Written> {
    const { accountId, currentPassword, newPassword, except } = input;
    checkPassword(newPassword);
    const confirmed =
      currentPassword === undefined ? undefined : await this.confirm(accountId, currentPassword);
    const credential = await this.passwords.hash(newPassword);
    return this.runner.run({ accountId, ordered }, (at) => {
      // Hashing takes its time: what was confirmed must still be the password.
      const isOld = confirmed !== undefined && at.account?.credentialRevision !== confirmed;
      if (isOld) throw new LedgerError('password_wrong');
      return changePassword(at, { credential, except });
    });
  }

  /** The revision of the credential that the password fits. */
  private async confirm(accountId: string, currentPassword: string): Promise<number | undefined> {
    const waitSeconds = await this.limits.retryAfterSeconds(limitedSpace, accountId);
    if (waitSeconds > 0) throw new LedgerError('too_many_attempts');
    const account = await this.ledger.accounts.fetch(streams.account(accountId));
    if (!(await this.passwords.fits(currentPassword, account))) {
      await this.limits.failed(limitedSpace, accountId);
      throw new LedgerError('password_wrong');
    }
    await this.limits.succeeded(limitedSpace, accountId);
    return account.state?.credentialRevision;
  }
}

function checkPassword(password: string): void {
  const length = [...password].length;
  if (length < passwordLength.min) throw new LedgerError('password_too_short');
  if (length > passwordLength.max) throw new LedgerError('password_too_long');
}
