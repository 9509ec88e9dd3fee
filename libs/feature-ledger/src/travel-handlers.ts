// Runs what a person says ahead of time: travel notices, trusted devices.
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { fileTravelNotice, trustDevice, withdrawTravelNotice } from '@sallyport/core-session';
import { Clock, Ids } from '@sallyport/engine';
import { AccountRunner } from './account-handlers.js';
import type { Written } from './session-commands.js';
import { FileTravelNotice, TrustDevice, WithdrawTravelNotice } from './travel-commands.js';

@CommandHandler(FileTravelNotice)
export class FileTravelNoticeHandler implements ICommandHandler<FileTravelNotice> {
  constructor(
    private readonly runner: AccountRunner,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute({ input, ordered }: FileTravelNotice): Promise<Written & { readonly noticeId: string }> {
    const command = { ...input, id: this.ids.id(), nowMs: this.clock.now() };
    const { position } = await this.runner.run({ accountId: input.accountId, ordered }, (at) => {
      return fileTravelNotice(at, command);
    });
    return { position, noticeId: command.id };
  }
}

@CommandHandler(WithdrawTravelNotice)
export class WithdrawTravelNoticeHandler implements ICommandHandler<WithdrawTravelNotice> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: WithdrawTravelNotice): Promise<Written> {
    return this.runner.run({ accountId: input.accountId, ordered }, (at) => withdrawTravelNotice(at, input));
  }
}

@CommandHandler(TrustDevice)
export class TrustDeviceHandler implements ICommandHandler<TrustDevice> {
  constructor(private readonly runner: AccountRunner) {}

  execute({ input, ordered }: TrustDevice): Promise<Written> {
    return this.runner.run({ accountId: input.accountId, ordered }, (at) => trustDevice(at, input));
  }
}
