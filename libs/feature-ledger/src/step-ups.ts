// A new sign-in on a key-bound device is its step-up: it releases what was held of that device's sessions.
import { Injectable, Logger } from '@nestjs/common';
import { holdsReleasedBy, isStrongAuthentication, stepUp, streams } from '@sallyport/core-session';
import type { SessionState } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import type { Position } from '@sallyport/engine';
import { AccountRunner } from './account-handlers.js';
import { Ledger } from './ledger.js';
import type { Ordered } from './session-commands.js';

@Injectable()
export class StepUps {
  private readonly logger = new Logger(StepUps.name);

  constructor(
    private readonly ledger: Ledger,
    private readonly runner: AccountRunner,
    private readonly clock: Clock,
  ) {}

  /**
   * Where the release stands, if one was due. The session that was just started guards it. Never rejects: the
   * sign-in stands without it, and a hold that stays is released by the next one.
   */
  async afterSignIn(
    sessionId: string,
    session: SessionState,
    ordered: Ordered,
  ): Promise<Position | undefined> {
    const { accountId, deviceId, amr, marker } = session;
    const authentication = { deviceId, amr, authTimeMs: Date.parse(session.authTime) };
    if (deviceId === undefined || !isStrongAuthentication(authentication, this.clock.now())) return undefined;
    const by = { deviceId, marker: marker.account };
    try {
      const { state: account } = await this.ledger.accounts.load(streams.account(accountId));
      if (holdsReleasedBy(account ?? {}, by).length === 0) return undefined;
      const order = { accountId, ordered: { ...ordered, sessionId } };
      return (await this.runner.run(order, (at) => stepUp(at, by))).position;
    } catch (error) {
      this.logger.warn({ msg: 'a step-up did not release what is held', sessionId, error });
      return undefined;
    }
  }
}
