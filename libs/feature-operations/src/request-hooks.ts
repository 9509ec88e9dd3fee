// What happens to every request before its route: an id, a place in the queue or a quick no, headers, and its
// line in the log and the metrics when it is over.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpMetrics } from './http-metrics.js';
import type { ServiceLog } from './logging.js';
import { unavailable } from './problems.js';
import { sendProblem } from './problem-filter.js';
import { RequestGate, requestKind, type RequestKind } from './request-gate.js';

export interface RequestHooks {
  readonly gate: RequestGate;
  readonly metrics: HttpMetrics;
  readonly log: ServiceLog;
  /** Browsers are told to stay with https (RFC 6797). */
  readonly https: boolean;
  /** True once the service stops: answers then close their connection. */
  readonly stopping: () => boolean;
}

/** Headers of every answer; a route that needs others sets its own over them. */
export function constantHeaders(https: boolean): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    ...(https ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  };
}

/** Adds the hook; to be called before routes are registered. */
export function addRequestHooks(fastify: FastifyInstance, hooks: RequestHooks): void {
  const headers = constantHeaders(hooks.https);
  fastify.addHook('onRequest', (request, reply, done) => {
    const kind = requestKind(request.routeOptions.url);
    void reply.headers(headers).header('x-request-id', request.id);
    if (hooks.stopping()) void reply.header('connection', 'close');
    if (hooks.gate.enter(kind)) {
      followToTheEnd(hooks, { request, reply, kind });
      return done();
    }
    hooks.metrics.turnedAway(kind);
    sendProblem(request, reply, unavailable());
  });
}

/** `close` comes after the answer, and also when the client went away before it: nothing stays counted. */
function followToTheEnd(
  { gate, metrics, log }: RequestHooks,
  { request, reply, kind }: { request: FastifyRequest; reply: FastifyReply; kind: RequestKind },
): void {
  const startedAt = performance.now();
  reply.raw.once('close', () => {
    gate.leave(kind);
    const ms = performance.now() - startedAt;
    const { method } = request;
    const route = request.routeOptions.url ?? 'unmatched';
    const aborted = !reply.raw.writableFinished;
    const status = aborted ? 499 : reply.raw.statusCode;
    metrics.served({ method, route, status }, ms);
    if (kind === 'exempt') return;
    const line = { requestId: request.id, method, route, status, ms: Math.round(ms * 1000) / 1000 };
    log.request(aborted ? { ...line, aborted } : line);
  });
}
