// What operators ask of accounts' histories; another part of the service answers.
import type { FastifyReply, FastifyRequest } from 'fastify';

export abstract class AccountHistory {
  /** What happened to the account, newest first; the query as it came. Rejects with a `ProblemError`. */
  abstract timeline(accountId: string, query: Readonly<Record<string, unknown>>): Promise<object>;

  /** Answers with a stream of events as they happen; resolves when it has begun. Rejects before it has. */
  abstract follow(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}
