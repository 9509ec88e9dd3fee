// What operators see and do of sessions and devices.
import { Controller, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { LedgerError, RevokeDevice, RevokeSession, type Written } from '@sallyport/feature-ledger';
import type { FastifyRequest } from 'fastify';
import { AccountViews, type AdminDevice, type AdminSession } from './account-views.js';
import { reasonOf } from './accounts.controller.js';
import { AdminGuard } from './admin-guard.js';
import { orderedBy } from './admin-input.js';

@Controller('admin')
@UseGuards(AdminGuard)
export class AdminSessionsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly views: AccountViews,
  ) {}

  @Get('accounts/:id/sessions')
  async sessions(@Param('id') accountId: string): Promise<{ readonly sessions: AdminSession[] }> {
    return { sessions: await this.views.sessions(accountId) };
  }

  @Get('accounts/:id/devices')
  async devices(@Param('id') accountId: string): Promise<{ readonly devices: AdminDevice[] }> {
    return { devices: await this.views.devices(accountId) };
  }

  @Post('sessions/:id/end')
  @HttpCode(200)
  end(@Param('id') sessionId: string, @Req() request: FastifyRequest): Promise<Written> {
    const input = { sessionId, cause: 'operator' as const, ...reasonOf(request) };
    return this.commands.execute(new RevokeSession(input, orderedBy(request)));
  }

  @Post('devices/:id/revoke')
  @HttpCode(200)
  async revoke(@Param('id') deviceId: string, @Req() request: FastifyRequest): Promise<Written> {
    const reason = reasonOf(request);
    const accountId = await this.views.accountOfDevice(deviceId);
    if (accountId === undefined) throw new LedgerError('device_unknown');
    const input = { accountId, deviceId, cause: 'operator' as const, ...reason };
    return this.commands.execute(new RevokeDevice(input, orderedBy(request)));
  }
}
