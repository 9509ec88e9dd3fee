// Runs graded decisions: holds and their release, forced sign-in, flags of sessions.
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import {
  flagSession,
  heldSessions,
  holdSensitiveActions,
  maxSessionHolds,
  releaseHold,
  requireReauthentication,
  sessionStanding,
  streams,
} from '@sallyport/core-session';
import type { NewHold, SessionState } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import { AccountRunner } from './account-handlers.js';
import {
  FlagSession,
  HoldSensitiveActions,
  ReleaseHold,
  RequireReauthentication,
} from './enforcement-commands.js';
import { LedgerError } from './errors.js';
import { Ledger } from './ledger.js';
import type { Written } from './session-commands.js';

@CommandHandler(HoldSensitiveActions)
export class HoldSensitiveActionsHandler implements ICommandHandler<HoldSensitiveActions> {
  constructor(
    private readonly ledger: Ledger,
    private readonly runner: AccountRunner,
    private readonly clock: Clock,
  ) {}

  async execute({ input, ordered }: HoldSensitiveActions): Promise<Written> {
    const { accountId, sessionId, reason, decision } = input;
    const rule = decision?.rule ?? input.rule;
    const hold: NewHold = {
      id: decision?.id ?? this.ledger.ids.id(),
      ...(sessionId === undefined ? {} : await this.sessionOf(accountId, sessionId)),
      reason,
      ...(rule === undefined ? {} : { rule }),
    };
    const over = sessionId === undefined ? [] : await this.overOnes(accountId);
    const command = { hold, decision, over };
    return this.runner.run({ accountId, ordered }, (at) => holdSensitiveActions(at, command));
  }

  private async sessionOf(
    accountId: string,
    sessionId: string,
  ): Promise<Pick<NewHold, 'sessionId' | 'deviceId'>> {
    const { deviceId } = await ownSession(this.ledger, accountId, sessionId);
    return { sessionId, ...(deviceId === undefined ? {} : { deviceId }) };
  }

  /** Which of the held sessions are over; asked only where there is no room for another. */
  private async overOnes(accountId: string): Promise<readonly string[]> {
    const { state: account } = await this.ledger.accounts.fetch(streams.account(accountId));
    const held = heldSessions(account ?? {});
    if (held.length < maxSessionHolds) return [];
    const nowMs = this.clock.now();
    const loaded = await Promise.all(held.map((id) => this.ledger.loadSession(id, true)));
    return loaded.flatMap(({ state: { session, ...scope } }) => {
      const isOver =
        session === undefined || sessionStanding({ ...scope, session }, nowMs).status === 'ended';
      return isOver ? [scope.sessionId] : [];
    });
  }
}

@CommandHandler(ReleaseHold)
export class ReleaseHoldHandler implements ICommandHandler<ReleaseHold> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: ReleaseHold): Promise<Written> {
    return this.runner.run({ accountId: input.accountId, ordered }, (at) => releaseHold(at, input));
  }
}

@CommandHandler(RequireReauthentication)
export class RequireReauthenticationHandler implements ICommandHandler<RequireReauthentication> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: RequireReauthentication): Promise<Written> {
    const { accountId } = input;
    return this.runner.run({ accountId, ordered }, (at) => requireReauthentication(at, input));
  }
}

@CommandHandler(FlagSession)
export class FlagSessionHandler implements ICommandHandler<FlagSession> {
  constructor(private readonly ledger: Ledger) {}

  async execute({ input, ordered }: FlagSession): Promise<Written> {
    const { accountId, sessionId, flag, reason, decision } = input;
    await ownSession(this.ledger, accountId, sessionId);
    const stream = streams.session(sessionId);
    const { appended } = await this.ledger.run(
      this.ledger.sessions,
      {
        stream,
        load: (fresh) => this.ledger.loadSession(sessionId, fresh),
        decide: (scope) => ({ events: flagSession(scope, { flag, reason, decision }), answer: undefined }),
        own: () => undefined,
      },
      { ordered, partitionKey: accountId },
    );
    return appended === undefined ? this.ledger.standsAt(stream) : { position: appended.position };
  }
}

async function ownSession(ledger: Ledger, accountId: string, sessionId: string): Promise<SessionState> {
  const { state } = await ledger.loadSession(sessionId, true);
  if (state.session?.accountId !== accountId) throw new LedgerError('session_unknown');
  return state.session;
}
