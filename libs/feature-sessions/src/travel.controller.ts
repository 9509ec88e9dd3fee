// The signed-in person's journeys, told ahead: see them, file one, take one back.
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { travelLimits } from '@sallyport/core-session';
import { FileTravelNotice, LedgerError, WithdrawTravelNotice } from '@sallyport/feature-ledger';
import type { Position } from '@sallyport/engine';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsISO31661Alpha2,
  IsOptional,
  IsRFC3339,
  IsString,
  MaxLength,
} from 'class-validator';
import type { FastifyReply } from 'fastify';
import { Caller, SignedIn, SignedInCaller } from './caller.js';
import { SessionViews } from './session-views.js';
import type { TravelNoticeShown } from './session-views.js';
import { validatedAs } from './validated.js';
import { ViewWait } from './view-wait.js';
import type { Shown } from './view-wait.js';
import { isId, written } from './written.js';

const maxTimeChars = 40;

/** The shape only; how long and how far ahead, the command knows. Times as RFC 3339 has them. */
export class Journey {
  /** Now, when absent. */
  @IsOptional()
  @IsString()
  @MaxLength(maxTimeChars)
  @IsRFC3339()
  readonly from?: string;

  @IsString()
  @MaxLength(maxTimeChars)
  @IsRFC3339()
  readonly until!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(travelLimits.countries)
  @IsString({ each: true })
  @IsISO31661Alpha2({ each: true })
  readonly countries!: readonly string[];
}

const validated = validatedAs(Journey);

@Controller('v1/travel-notices')
@UseGuards(SignedIn)
export class TravelController {
  constructor(
    private readonly commands: CommandBus,
    private readonly views: SessionViews,
    private readonly wait: ViewWait,
  ) {}

  @Get()
  async list(
    @SignedInCaller() caller: Caller,
    @Query('after') after: unknown,
  ): Promise<Shown & { readonly notices: readonly TravelNoticeShown[] }> {
    const shown = await this.wait.until(after, caller.principal.accountId);
    return { notices: await this.views.travelNotices(caller.principal), ...shown };
  }

  /** The session and device that file it are noted: it excuses others, not them. */
  @Post()
  @HttpCode(201)
  async file(
    @SignedInCaller() caller: Caller,
    @Body(validated) { from, until, countries }: Journey,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly id: string; readonly position: Position }> {
    const filedByDevice = caller.requireStrong();
    const { accountId, sessionId: filedBySession } = caller.principal;
    const times = { fromMs: from === undefined ? 0 : Date.parse(from), untilMs: Date.parse(until) };
    const named = countries.map((code) => code.toUpperCase());
    const input = { accountId, ...times, countries: named, filedBySession, filedByDevice };
    const done = await this.commands.execute(new FileTravelNotice(input, caller.ordered));
    written(reply, done);
    return { id: done.noticeId, position: done.position };
  }

  @Delete(':id')
  @HttpCode(204)
  async withdraw(
    @SignedInCaller() caller: Caller,
    @Param('id') noticeId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    caller.requireStrong();
    if (!isId(noticeId)) throw new LedgerError('travel_notice_unknown');
    const input = { accountId: caller.principal.accountId, noticeId };
    written(reply, await this.commands.execute(new WithdrawTravelNotice(input, caller.ordered)));
  }
}
