// What operators do to accounts.
import { Controller, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import {
  ChangePassword,
  EraseAccount,
  HoldSensitiveActions,
  LedgerError,
  LockAccount,
  OpenAccount,
  ReadAccount,
  ReleaseHold,
  RequireReauthentication,
  UnlockAccount,
  type Written,
} from '@sallyport/feature-ledger';
import type { FastifyRequest } from 'fastify';
import type { AccountState, Hold } from '@sallyport/core-session';
import { AccountViews } from './account-views.js';
import { AdminGuard } from './admin-guard.js';
import { AdminInput, orderedBy } from './admin-input.js';

/** An account as operators see it: no hashes, no keys. `email` is absent once erased. */
export interface AccountShown {
  readonly accountId: string;
  readonly email?: string;
  readonly status: string;
  readonly openedAt: string;
  readonly devices: number;
  readonly lostKeys: number;
  readonly trustedDevices: number;
  readonly holds: readonly (Omit<Hold, 'id' | 'revision'> & { readonly holdId: string })[];
  readonly travelNotices: NonNullable<AccountState['travel']>;
}

@Controller('admin/accounts')
@UseGuards(AdminGuard)
export class AccountsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly accountViews: AccountViews,
  ) {}

  @Post()
  open(@Req() request: FastifyRequest): Promise<Written & { readonly accountId: string }> {
    const input = AdminInput.read(request.body, (from) => ({
      email: from.text('email', 320),
      password: from.text('password', 4096),
      reason: from.optionalText('reason'),
    }));
    return this.commands.execute(new OpenAccount(input, orderedBy(request)));
  }

  /** The name goes into the body, not into a URL that a log might keep. */
  @Post('find')
  @HttpCode(200)
  find(@Req() request: FastifyRequest): Promise<AccountShown> {
    return this.read(AdminInput.read(request.body, (from) => ({ email: from.text('email', 320) })));
  }

  @Get(':id')
  show(@Param('id') id: string): Promise<AccountShown> {
    return this.read({ id });
  }

  @Post(':id/lock')
  @HttpCode(200)
  lock(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<Written> {
    return this.commands.execute(new LockAccount({ accountId, ...reasonOf(request) }, orderedBy(request)));
  }

  @Post(':id/unlock')
  @HttpCode(200)
  async unlock(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<Written> {
    const input = AdminInput.read(request.body, (from) => ({
      reason: from.text('reason'),
      seen: from.optionalText('seen'),
    }));
    await this.accountViews.checkSeen(accountId, input.seen);
    return this.commands.execute(new UnlockAccount({ accountId, ...input }, orderedBy(request)));
  }

  /** Holds one session, or all of the account. */
  @Post(':id/hold')
  @HttpCode(200)
  hold(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<Written> {
    const input = AdminInput.read(request.body, (from) => ({
      reason: from.text('reason'),
      sessionId: from.optionalText('sessionId'),
    }));
    return this.commands.execute(new HoldSensitiveActions({ accountId, ...input }, orderedBy(request)));
  }

  /** Releases one hold, or all. */
  @Post(':id/release')
  @HttpCode(200)
  async release(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<Written> {
    const input = AdminInput.read(request.body, (from) => ({
      reason: from.text('reason'),
      holdId: from.optionalText('holdId'),
      seen: from.optionalText('seen'),
    }));
    await this.accountViews.checkSeen(accountId, input.seen);
    const order = { accountId, cause: 'operator' as const, ...input };
    return this.commands.execute(new ReleaseHold(order, orderedBy(request)));
  }

  @Post(':id/reauthenticate')
  @HttpCode(200)
  reauthenticate(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<Written> {
    const input = { accountId, ...reasonOf(request) };
    return this.commands.execute(new RequireReauthentication(input, orderedBy(request)));
  }

  @Post(':id/password')
  @HttpCode(200)
  password(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<Written> {
    const input = AdminInput.read(request.body, (from) => ({
      newPassword: from.text('password', 4096),
      reason: from.text('reason'),
    }));
    return this.commands.execute(new ChangePassword({ accountId, ...input }, orderedBy(request)));
  }

  @Post(':id/erase')
  @HttpCode(200)
  erase(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<Written> {
    return this.commands.execute(new EraseAccount({ accountId, ...reasonOf(request) }, orderedBy(request)));
  }

  private async read(by: { readonly id: string } | { readonly email: string }): Promise<AccountShown> {
    const found = await this.queries.execute(new ReadAccount(by));
    if (found === undefined) throw new LedgerError('account_unknown');
    const { accountId, email, account } = found;
    return {
      accountId,
      ...(email === undefined ? {} : { email }),
      status: account.status,
      openedAt: account.openedAt,
      devices: account.devices.length,
      lostKeys: account.lostKeys.length,
      trustedDevices: account.trustedDevices?.length ?? 0,
      holds: (account.holds ?? []).map(({ id, revision: _revision, ...hold }) => ({ holdId: id, ...hold })),
      travelNotices: account.travel ?? [],
    };
  }
}

/** The one member of most orders. */
export function reasonOf(request: FastifyRequest): { readonly reason: string } {
  return AdminInput.read(request.body, (from) => ({ reason: from.text('reason') }));
}
