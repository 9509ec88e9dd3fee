// What happened to the signed-in person's account: to read, and to follow.
import { Controller, Get, Query, Req, Res, UseGuards } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { Clock } from '@sallyport/engine';
import { ReadSession } from '@sallyport/feature-ledger';
import type { Principal } from '@sallyport/feature-ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller, SignedIn, SignedInCaller } from '../caller.js';
import { EventStreams } from './event-streams.js';
import { readStream } from './query.js';
import type { Query as Asked } from './query.js';
import type { StreamEndReason } from './stream-end.js';
import { Timeline } from './timeline.js';
import type { TimelinePage } from './timeline.js';

@Controller('v1')
@UseGuards(SignedIn)
export class TimelineController {
  constructor(
    private readonly timeline: Timeline,
    private readonly streams: EventStreams,
    private readonly queries: QueryBus,
    private readonly clock: Clock,
  ) {}

  @Get('timeline')
  read(@SignedInCaller() { principal }: Caller, @Query() query: Asked): Promise<TimelinePage> {
    return this.timeline.page({ audience: 'owner', accountId: principal.accountId }, query);
  }

  @Get('events')
  async follow(
    @SignedInCaller() { principal }: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asked = readStream(request.headers, request.query as Asked);
    const { accountId } = principal;
    const check = () => this.check(principal);
    await this.streams.serve({ ...asked, audience: 'owner', accountId, check }, reply);
  }

  /** G6: the session's standing now, on the ledger. A token is worth no more for having begun a stream. */
  private async check({ sessionId, tokenExpiresAtMs }: Principal): Promise<StreamEndReason | undefined> {
    const found = await this.queries.execute(new ReadSession(sessionId));
    if (found?.standing.status !== 'active') return 'session_ended';
    return this.clock.now() >= tokenExpiresAtMs ? 'token_expired' : undefined;
  }
}
