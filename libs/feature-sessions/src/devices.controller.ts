// The signed-in person's devices: see them, remove one, report one lost, vouch for one.
import { Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res, UseGuards } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { DeviceRevocationCause } from '@sallyport/core-session';
import { LedgerError, RevokeDevice, TrustDevice } from '@sallyport/feature-ledger';
import type { FastifyReply } from 'fastify';
import { Caller, SignedIn, SignedInCaller } from './caller.js';
import { SessionViews } from './session-views.js';
import type { DeviceShown } from './session-views.js';
import { ViewWait } from './view-wait.js';
import type { Shown } from './view-wait.js';
import { isId, written } from './written.js';

@Controller('v1/devices')
@UseGuards(SignedIn)
export class DevicesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly views: SessionViews,
    private readonly wait: ViewWait,
  ) {}

  @Get()
  async list(
    @SignedInCaller() caller: Caller,
    @Query('after') after: unknown,
  ): Promise<Shown & { readonly devices: DeviceShown[] }> {
    const shown = await this.wait.until(after, caller.principal.accountId);
    return { devices: await this.views.devices(caller.principal), ...shown };
  }

  /** Ends the device's sessions; a full sign-in may link it again. */
  @Delete(':id')
  @HttpCode(204)
  async remove(
    @SignedInCaller() caller: Caller,
    @Param('id') deviceId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.revoke(caller, { deviceId, cause: 'user' }, reply);
  }

  /** Ends the device's sessions; its key is refused for good. */
  @Post(':id/lost')
  @HttpCode(204)
  async lost(
    @SignedInCaller() caller: Caller,
    @Param('id') deviceId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.revoke(caller, { deviceId, cause: 'lost' }, reply);
  }

  /** Geo rules ask a trusted device for step-up at most; who vouches for it is noted. */
  @Put(':id/trust')
  @HttpCode(204)
  async trust(
    @SignedInCaller() caller: Caller,
    @Param('id') deviceId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.vouch(caller, { deviceId, trusted: true }, reply);
  }

  @Delete(':id/trust')
  @HttpCode(204)
  async distrust(
    @SignedInCaller() caller: Caller,
    @Param('id') deviceId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.vouch(caller, { deviceId, trusted: false }, reply);
  }

  private async vouch(
    caller: Caller,
    trust: { readonly deviceId: string; readonly trusted: boolean },
    reply: FastifyReply,
  ): Promise<void> {
    const byDevice = caller.requireStrong();
    if (!isId(trust.deviceId)) throw new LedgerError('device_unknown');
    const { accountId, sessionId: bySession } = caller.principal;
    const input = { accountId, ...trust, bySession, byDevice };
    written(reply, await this.commands.execute(new TrustDevice(input, caller.ordered)));
  }

  private async revoke(
    caller: Caller,
    device: { readonly deviceId: string; readonly cause: DeviceRevocationCause },
    reply: FastifyReply,
  ): Promise<void> {
    caller.requireFresh();
    if (!isId(device.deviceId)) throw new LedgerError('device_unknown');
    const input = { accountId: caller.principal.accountId, ...device };
    written(reply, await this.commands.execute(new RevokeDevice(input, caller.ordered)));
  }
}
