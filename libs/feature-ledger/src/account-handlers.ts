// Runs the orders about one account: devices, log-out everywhere, lock, unlock.
import { Injectable } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import {
  lockAccount,
  revokeAllSessions,
  revokeDevice,
  streams,
  unlockAccount,
} from '@sallyport/core-session';
import type { AccountAt, AccountDecision, AccountRefusal } from '@sallyport/core-session';
import type { Decision, DomainEvent } from '@sallyport/engine';
import { LockAccount, RevokeAllSessions, RevokeDevice, UnlockAccount } from './account-commands.js';
import { LedgerError } from './errors.js';
import { Ledger } from './ledger.js';
import type { Ordered, Written } from './session-commands.js';

/** Decides on an account's stream and appends; what has happened already is answered with where it stands. */
@Injectable()
export class AccountRunner {
  constructor(readonly ledger: Ledger) {}

  /** Rejects with `LedgerError` of the decision's refusal. */
  async run(
    order: {
      readonly accountId: string;
      readonly ordered: Ordered;
      readonly personal?: DomainEvent['personal'];
    },
    decide: (at: AccountAt) => AccountDecision,
  ): Promise<Written> {
    const { accountId, ordered, personal } = order;
    const stream = streams.account(accountId);
    const { answer, appended } = await this.ledger.run(
      this.ledger.accounts,
      {
        stream,
        load: (fresh) => this.ledger.loadAccount(accountId, fresh),
        decide: ({ state: account, revision }): Decision<AccountRefusal | undefined> => {
          const { events, refusal } = decide({ account, revision });
          return { events: events.map((event) => ({ ...event, personal })), answer: refusal };
        },
        own: () => undefined,
      },
      { ordered, partitionKey: accountId },
    );
    if (answer !== undefined) throw new LedgerError(answer);
    if (appended !== undefined) return { position: appended.position };
    const [last] = await this.ledger.store.readBack(stream, 1);
    return { position: last?.position ?? '0' };
  }
}

@CommandHandler(RevokeAllSessions)
export class RevokeAllSessionsHandler implements ICommandHandler<RevokeAllSessions> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: RevokeAllSessions): Promise<Written> {
    return this.runner.run({ accountId: input.accountId, ordered }, (at) => revokeAllSessions(at, input));
  }
}

@CommandHandler(RevokeDevice)
export class RevokeDeviceHandler implements ICommandHandler<RevokeDevice> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: RevokeDevice): Promise<Written> {
    return this.runner.run({ accountId: input.accountId, ordered }, (at) => revokeDevice(at, input));
  }
}

@CommandHandler(LockAccount)
export class LockAccountHandler implements ICommandHandler<LockAccount> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: LockAccount): Promise<Written> {
    return this.runner.run({ accountId: input.accountId, ordered }, (at) => lockAccount(at, input));
  }
}

@CommandHandler(UnlockAccount)
export class UnlockAccountHandler implements ICommandHandler<UnlockAccount> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: UnlockAccount): Promise<Written> {
    return this.runner.run({ accountId: input.accountId, ordered }, (at) => unlockAccount(at, input));
  }
}
