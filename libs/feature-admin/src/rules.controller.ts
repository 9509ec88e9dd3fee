// What operators do with the rules: see and activate them, look through findings, retry, pause enforcement.
import { Controller, Get, HttpCode, Param, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { reasonOf } from './accounts.controller.js';
import { AdminGuard } from './admin-guard.js';
import { AdminInput, orderedBy } from './admin-input.js';
import { RuleAdministration } from './rule-administration.js';

const maxRuleText = 100_000;

@Controller('admin')
@UseGuards(AdminGuard)
export class AdminRulesController {
  constructor(private readonly rules: RuleAdministration) {}

  @Get('rules')
  show(): Promise<object> {
    return this.rules.show();
  }

  @Post('rules/activate')
  @HttpCode(200)
  activate(@Req() request: FastifyRequest): Promise<object> {
    const { rules, reason } = AdminInput.read(request.body, (from) => ({
      rules: from.text('rules', maxRuleText),
      reason: from.text('reason'),
    }));
    return this.rules.activate(rules, reason, orderedBy(request).actor);
  }

  @Get('findings')
  latest(): Promise<object> {
    return this.rules.findings(undefined);
  }

  @Get('accounts/:id/findings')
  findings(@Param('id') accountId: string): Promise<object> {
    return this.rules.findings(accountId);
  }

  @Post('accounts/:id/findings/dismiss')
  @HttpCode(200)
  dismiss(@Param('id') accountId: string, @Req() request: FastifyRequest): Promise<object> {
    const input = AdminInput.read(request.body, (from) => ({
      findingId: from.text('findingId'),
      reason: from.text('reason'),
    }));
    return this.rules.dismiss({ accountId, ...input, actor: orderedBy(request).actor });
  }

  @Get('parked')
  parked(): Promise<object> {
    return this.rules.parked();
  }

  @Post('accounts/:id/retry')
  @HttpCode(200)
  retry(@Param('id') accountId: string): Promise<object> {
    return this.rules.retry(accountId);
  }

  @Post('enforcement/pause')
  @HttpCode(200)
  pause(@Req() request: FastifyRequest): Promise<object> {
    return this.rules.pause(reasonOf(request).reason, orderedBy(request).actor);
  }

  @Post('enforcement/resume')
  @HttpCode(200)
  resume(@Req() request: FastifyRequest): Promise<object> {
    return this.rules.resume(reasonOf(request).reason, orderedBy(request).actor);
  }
}
