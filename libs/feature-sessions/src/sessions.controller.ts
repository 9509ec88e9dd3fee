// The signed-in person's sessions: see them, end one, end the others or all.
import { Controller, Delete, Get, HttpCode, Param, Query, Res, UseGuards } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { LedgerError, ProblemError, RevokeAllSessions, RevokeSession } from '@sallyport/feature-ledger';
import type { FastifyReply } from 'fastify';
import { Caller, SignedIn, SignedInCaller } from './caller.js';
import { SessionViews } from './session-views.js';
import type { SessionShown } from './session-views.js';
import { ViewWait } from './view-wait.js';
import type { Shown } from './view-wait.js';
import { isId, written } from './written.js';

@Controller('v1/sessions')
@UseGuards(SignedIn)
export class SessionsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly views: SessionViews,
    private readonly wait: ViewWait,
  ) {}

  @Get()
  async list(
    @SignedInCaller() caller: Caller,
    @Query('after') after: unknown,
  ): Promise<Shown & { readonly sessions: SessionShown[] }> {
    const shown = await this.wait.until(after, caller.principal.accountId);
    return { sessions: await this.views.sessions(caller.principal), ...shown };
  }

  /** To end the session that asks needs no recent sign-in: leaving is always possible. */
  @Delete(':id')
  @HttpCode(204)
  async end(
    @SignedInCaller() caller: Caller,
    @Param('id') sessionId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { principal, ordered } = caller;
    if (sessionId !== principal.sessionId) caller.requireFresh();
    if (!isId(sessionId)) throw new LedgerError('session_unknown');
    const input = { sessionId, ofAccount: principal.accountId, cause: 'user' } as const;
    written(reply, await this.commands.execute(new RevokeSession(input, ordered)));
  }

  @Delete()
  @HttpCode(204)
  async endMany(
    @SignedInCaller() caller: Caller,
    @Query('scope') scope: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    if (scope !== 'others' && scope !== 'all') throw scopeMissing();
    caller.requireFresh();
    const { accountId, sessionId } = caller.principal;
    const input = { accountId, ...(scope === 'others' ? { except: sessionId } : {}) };
    written(reply, await this.commands.execute(new RevokeAllSessions(input, caller.ordered)));
  }
}

function scopeMissing(): ProblemError {
  const detail = 'scope must be "others" (all sessions but this one) or "all".';
  return new ProblemError({ status: 400, code: 'bad_request', title: 'The request cannot be read', detail });
}
