// The same for operators, any account or all: without what is personal, with who acted and why.
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isId } from '../written.js';
import { EventStreams } from './event-streams.js';
import { malformed, readStream } from './query.js';
import type { Query } from './query.js';
import { Timeline } from './timeline.js';
import type { TimelinePage } from './timeline.js';

@Injectable()
export class OperatorHistory {
  constructor(
    private readonly timelines: Timeline,
    private readonly streams: EventStreams,
  ) {}

  timeline(accountId: string, query: Query): Promise<TimelinePage> {
    return this.timelines.page({ audience: 'operator', accountId }, query);
  }

  /** Query: `account`, to hear of less than everything; `type`, `from`, `heartbeat` as owners have them. */
  async follow(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const query = request.query as Query;
    const asked = { ...readStream(request.headers, query), ...accountOf(query) };
    // Their credential is good as long as the service runs.
    const check = () => Promise.resolve(undefined);
    await this.streams.serve({ ...asked, audience: 'operator', check }, reply);
  }
}

function accountOf({ account }: Query): { readonly accountId?: string } {
  if (account === undefined) return {};
  if (typeof account === 'string' && isId(account)) return { accountId: account };
  throw malformed('account must be the id of one account.');
}
