// Erases accounts: the event that ends every session, the keys to what is personal, then the name.
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { eraseAccount, releaseName, streams } from '@sallyport/core-session';
import { SecretStore } from '@sallyport/engine';
import { PersonalKeys } from '@sallyport/tokens';
import { EraseAccount } from './account-commands.js';
import { AccountRunner } from './account-handlers.js';
import { Ledger } from './ledger.js';
import type { Ordered, Written } from './session-commands.js';

/** Erasures begun and not known to be complete, by account id; holds no secret. */
const kind = 'erasure';

@Injectable()
@CommandHandler(EraseAccount)
export class EraseAccountHandler implements ICommandHandler<EraseAccount>, OnApplicationBootstrap {
  private readonly logger = new Logger(EraseAccountHandler.name);

  constructor(
    private readonly ledger: Ledger,
    private readonly runner: AccountRunner,
    private readonly secrets: SecretStore,
    private readonly personalKeys: PersonalKeys,
  ) {}

  async execute({ input, ordered }: EraseAccount): Promise<Written> {
    await this.secrets.putIfAbsent(kind, input.accountId, new Uint8Array(1));
    const written = await this.runner.run({ accountId: input.accountId, ordered }, (at) =>
      eraseAccount(at, input),
    );
    await this.complete(input.accountId, ordered);
    return written;
  }

  /** Completes what a stop cut short between the event and the keys. */
  async onApplicationBootstrap(): Promise<void> {
    for (const { name: accountId } of await this.secrets.list(kind)) {
      const ordered = { actor: { kind: 'system' as const }, correlationId: this.ledger.ids.uuid() };
      await this.complete(accountId, ordered);
      this.logger.log({ msg: 'an erasure that was cut short is complete', accountId });
    }
  }

  private async complete(accountId: string, ordered: Ordered): Promise<void> {
    const { state: account } = await this.ledger.accounts.fetch(streams.account(accountId));
    if (account?.status === 'erased') {
      await this.personalKeys.delete(accountId);
      await this.release(accountId, account.nameHash, ordered);
    }
    await this.secrets.delete(kind, accountId);
  }

  private async release(accountId: string, nameHash: string, ordered: Ordered): Promise<void> {
    const stream = streams.loginName(nameHash);
    await this.ledger.run(
      this.ledger.names,
      {
        stream,
        load: async () => {
          const name = await this.ledger.names.fetch(stream);
          return { state: name.state, revision: name.revision, guards: [] };
        },
        decide: (name) => ({ events: releaseName(name, accountId), answer: undefined }),
        own: () => undefined,
      },
      { ordered, partitionKey: accountId },
    );
  }
}
