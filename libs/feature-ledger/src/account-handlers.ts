// Runs the orders about one account: devices, log-out everywhere, lock, unlock.
import { Injectable } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import {
  lockAccount,
  revokeAllSessions,
  revokeDevice,
  sessionStanding,
  streams,
  unlockAccount,
} from '@sallyport/core-session';
import type { AccountAt, AccountDecision, LinkedDevice } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import type { Decision, DomainEvent, Loaded } from '@sallyport/engine';
import { LockAccount, RevokeAllSessions, RevokeDevice, UnlockAccount } from './account-commands.js';
import { LedgerError } from './errors.js';
import type { LedgerErrorCode } from './errors.js';
import { Ledger } from './ledger.js';
import type { SessionScope } from './ledger.js';
import type { Ordered, Written } from './session-commands.js';

const historyPage = 256;

/** An account, and the session that asks about it, if one does. */
interface AccountScope {
  readonly at: AccountAt;
  readonly asking?: SessionScope;
}

/** Decides on an account's stream and appends; what has happened already is answered with where it stands. */
@Injectable()
export class AccountRunner {
  constructor(
    readonly ledger: Ledger,
    private readonly clock: Clock,
  ) {}

  /**
   * Rejects with `LedgerError` of the decision's refusal, and with `session_ended` if the session that asks
   * (`ordered.sessionId`) may not act: it and the cutoffs are guards of the append.
   */
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
    const nowMs = this.clock.now();
    const { answer, appended } = await this.ledger.run(
      this.ledger.accounts,
      {
        stream,
        load: (fresh) => this.load(order, fresh),
        decide: ({ at, asking }): Decision<LedgerErrorCode | undefined> => {
          if (asking !== undefined && !mayAct(asking, nowMs)) return { events: [], answer: 'session_ended' };
          const { events, refusal } = decide(at);
          return { events: events.map((event) => ({ ...event, personal })), answer: refusal };
        },
        // Nothing is released by the answer, and what happened has happened.
        own: () => undefined,
      },
      { ordered, partitionKey: accountId },
    );
    if (answer !== undefined) throw new LedgerError(answer);
    return appended === undefined ? this.ledger.standsAt(stream) : { position: appended.position };
  }

  private async load(
    { accountId, ordered }: { readonly accountId: string; readonly ordered: Ordered },
    fresh: boolean,
  ): Promise<Loaded<AccountScope>> {
    const asking =
      ordered.sessionId === undefined ? undefined : await this.ledger.loadSession(ordered.sessionId, fresh);
    const { state, revision } = await this.ledger.loadAccount(accountId, fresh);
    const at = { account: state.state, revision };
    if (asking === undefined) return { state: { at }, revision, guards: [] };
    const head = { stream: streams.session(asking.state.sessionId), revision: asking.revision };
    const guards = [head, ...asking.guards.filter(({ stream }) => stream !== streams.account(accountId))];
    // Judged on the very account that is decided on.
    return { state: { at, asking: { ...asking.state, account: at.account } }, revision, guards };
  }
}

function mayAct({ session, ...scope }: SessionScope, nowMs: number): boolean {
  return session !== undefined && sessionStanding({ ...scope, session }, nowMs).status === 'active';
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
  constructor(
    private readonly ledger: Ledger,
    private readonly runner: AccountRunner,
  ) {}

  async execute({ input, ordered }: RevokeDevice): Promise<Written> {
    const { accountId, deviceId, cause } = input;
    const isLost = cause === 'lost' || cause === 'handed_over';
    const jkt = isLost ? await this.keyOf(accountId, deviceId) : undefined;
    return this.runner.run({ accountId, ordered }, (at) => revokeDevice(at, { ...input, jkt }));
  }

  /** The key of a device that is not linked any more, from the event that linked it. */
  private async keyOf(accountId: string, deviceId: string): Promise<string | undefined> {
    const stream = streams.account(accountId);
    const { state } = await this.ledger.accounts.fetch(stream);
    const isLinked = state?.devices.some(({ id }) => id === deviceId);
    if (isLinked === true) return undefined;
    for (let from = 0; ; from += historyPage) {
      const page = await this.ledger.store.read(stream, from, historyPage);
      for (const { type, data } of page) {
        const { device } = data as { readonly device?: LinkedDevice };
        if (type === 'account.device-linked' && device?.id === deviceId) return device.jkt;
      }
      if (page.length < historyPage) return undefined;
    }
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
