// The signed-in person's account: a new password, and its erasure.
import { Body, Controller, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Position } from '@sallyport/engine';
import { ChangePassword, EraseAccount } from '@sallyport/feature-ledger';
import { IsString, Length } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { Caller, SignedIn, SignedInCaller } from './caller.js';
import { validatedAs } from './validated.js';
import { written } from './written.js';

const maxPasswordChars = 1024;

/** The shape only; what a password must be like, the command knows. */
export class NewPassword {
  @IsString()
  @Length(1, maxPasswordChars)
  readonly currentPassword!: string;

  @IsString()
  @Length(1, maxPasswordChars)
  readonly newPassword!: string;
}

const validated = validatedAs(NewPassword);

@Controller('v1')
@UseGuards(SignedIn)
export class AccountController {
  constructor(private readonly commands: CommandBus) {}

  /** Every session but the one that asks ends. */
  @Post('password')
  @HttpCode(204)
  async password(
    @SignedInCaller() caller: Caller,
    @Body(validated) { currentPassword, newPassword }: NewPassword,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    caller.requireFresh();
    const { accountId, sessionId } = caller.principal;
    const input = { accountId, currentPassword, newPassword, except: sessionId };
    written(reply, await this.commands.execute(new ChangePassword(input, caller.ordered)));
  }

  /** Cannot be undone: the key of the person's data is deleted, the name is free, every session has ended. */
  @Post('account/erasure')
  @HttpCode(200)
  async erase(
    @SignedInCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly erased: true; readonly position: Position }> {
    caller.requireFresh();
    const { accountId } = caller.principal;
    const done = await this.commands.execute(new EraseAccount({ accountId }, caller.ordered));
    written(reply, done);
    return { erased: true, position: done.position };
  }
}
