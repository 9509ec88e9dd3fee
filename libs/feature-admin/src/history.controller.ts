// What happened: to one account, to read; everywhere, to follow.
import { Controller, Get, Param, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccountHistory } from './account-history.js';
import { AdminGuard } from './admin-guard.js';

@Controller('admin')
@UseGuards(AdminGuard)
export class AdminHistoryController {
  constructor(private readonly history: AccountHistory) {}

  @Get('accounts/:id/timeline')
  timeline(
    @Param('id') accountId: string,
    @Query() query: Readonly<Record<string, unknown>>,
  ): Promise<object> {
    return this.history.timeline(accountId, query);
  }

  @Get('events')
  events(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.history.follow(request, reply);
  }
}
