// Decisions of the rules as orders to the ledger, which knows by their ids what it has done already.
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Decision } from '@sallyport/core-anomaly';
import type { Position } from '@sallyport/engine';
import {
  FlagSession,
  HoldSensitiveActions,
  LedgerError,
  LockAccount,
  ReleaseHold,
  RequireReauthentication,
} from '@sallyport/feature-ledger';
import type { Ordered } from '@sallyport/feature-ledger';
import { shortDigest, uuidOf } from './digests.js';

/** Stands for a rule where the consumer itself holds an account. */
export const parkedRule = 'consumer_parked';

@Injectable()
export class RuleOrders {
  constructor(private readonly commands: CommandBus) {}

  /** False where the ledger refuses for good, e.g. of an erased account. Rejects with `EngineError` when it
   * cannot tell. */
  carryOut(decision: Decision): Promise<boolean> {
    const { accountId, sessionId, rule, id, ruleSet, trigger, combination } = decision;
    const reason = combination ?? rule;
    const order = { accountId, reason, decision: { id, rule, ruleSet, trigger } };
    const ordered = orderedBy(rule, id);
    switch (decision.action) {
      case 'flag':
        if (sessionId === undefined) return Promise.resolve(false);
        return this.send(new FlagSession({ ...order, sessionId, flag: 'anomaly' }, ordered));
      case 'step_up':
        return this.send(new HoldSensitiveActions({ ...order, sessionId }, ordered));
      case 'hold':
        return this.send(new HoldSensitiveActions(order, ordered));
      case 'reauthenticate':
        return this.send(new RequireReauthentication(order, ordered));
      case 'lock':
        return this.send(new LockAccount(order, ordered));
      default:
        return unknownAction(decision.action);
    }
  }

  /** Holds the sensitive actions of an account whose events are set aside. */
  holdParked(accountId: string, parkedAt: Position): Promise<boolean> {
    const id = holdIdOf(accountId, parkedAt);
    const decision = { id, rule: parkedRule, ruleSet: '', trigger: parkedAt };
    const reason = 'what happened on the account is not judged yet';
    return this.send(new HoldSensitiveActions({ accountId, reason, decision }, orderedBy(parkedRule, id)));
  }

  releaseParked(accountId: string, parkedAt: Position): Promise<boolean> {
    const holdId = holdIdOf(accountId, parkedAt);
    const order = { accountId, holdId, cause: 'rule' as const, reason: 'all that happened is judged' };
    return this.send(new ReleaseHold(order, orderedBy(parkedRule, holdId)));
  }

  private async send(command: Parameters<CommandBus['execute']>[0]): Promise<boolean> {
    try {
      await this.commands.execute(command);
      return true;
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    }
  }
}

function orderedBy(rule: string, id: string): Ordered {
  return { actor: { kind: 'rule', id: rule }, correlationId: uuidOf(id) };
}

function holdIdOf(accountId: string, parkedAt: Position): string {
  return shortDigest(`${parkedRule} ${accountId} ${parkedAt}`);
}

function unknownAction(action: never): never {
  throw new Error(`unknown action ${String(action)}`);
}
