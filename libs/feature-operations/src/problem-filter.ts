// The last stop of every error: logged if it is ours, answered as the endpoint's kind of error, telling no
// details.
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { isEngineError, type EngineError } from '@sallyport/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { oauthBody, ofStatus, problemBody, problemOf, type Problem } from './problems.js';
import type { RouteTable } from './route-table.js';

const warnEveryMs = 1_000;
/** Endpoints whose clients understand RFC 6749 errors only. */
const oauthRoutes = new Set(['/token', '/revoke', '/par', '/introspect']);

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');
  private warnedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly routes: RouteTable) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = this.problem(error, request);
    if (problem.ours === true) this.report(error, request, problem);
    else if (isEngineError(error)) this.warn(error);
    if (reply.sent || reply.raw.headersSent) return;
    sendProblem(request, reply, problem);
  }

  /** A path that exists under other methods is a 405 that names them (RFC 9110 section 15.5.6). */
  private problem(error: unknown, request: FastifyRequest): Problem {
    const problem = problemOf(error);
    if (problem.status !== 404 || !request.is404) return problem;
    const methods = this.routes.methodsOf(request.raw.url ?? '/');
    return methods.length === 0 ? problem : { ...ofStatus(405), headers: { allow: methods.join(', ') } };
  }

  /** A store that is away is told once a second, not once a request. */
  private warn(error: EngineError): void {
    const now = performance.now();
    if (now - this.warnedAt < warnEveryMs) return;
    this.warnedAt = now;
    this.logger.warn({ msg: 'the store or a queue refused', code: error.code, error });
  }

  private report(error: unknown, request: FastifyRequest, { status }: Problem): void {
    const { id: requestId, method } = request;
    const route = request.routeOptions.url ?? 'unmatched';
    this.logger.error({ msg: 'request failed', requestId, method, route, status, error });
  }
}

/** Writes the answer; used where no exception is at hand, too. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  const oauth = oauthRoutes.has(request.routeOptions.url ?? '');
  const headers = { 'cache-control': 'no-store', ...problem.headers };
  const type = oauth ? 'application/json' : 'application/problem+json';
  const body = oauth ? oauthBody(problem) : problemBody(problem, request.id);
  void reply.code(problem.status).headers(headers).header('content-type', type).send(body);
}
