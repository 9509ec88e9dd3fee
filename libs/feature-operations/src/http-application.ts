// A Nest application on a socket that is open already, with our hooks, limits and errors around its routes.
import type { RequestListener } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import type { HttpSocket } from './http-server.js';
import { ProblemFilter, sendProblem } from './problem-filter.js';
import { problemOf } from './problems.js';
import { addRequestHooks, constantHeaders, type RequestHooks } from './request-hooks.js';
import { RouteTable } from './route-table.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** The largest body anybody has a reason to send here; a route may allow less. */
const bodyLimitBytes = 16_384;
const maxParamCharacters = 128;

export interface HttpApplicationParts extends RequestHooks {
  readonly socket: HttpSocket;
  readonly proxies: TrustedProxies;
}

/**
 * Makes and starts the application; the socket serves it from then on. Rejects with what a part's start
 * threw.
 */
export async function startHttpApplication(
  module: Parameters<typeof NestFactory.create>[0],
  parts: HttpApplicationParts,
): Promise<NestFastifyApplication> {
  const { socket, proxies, log } = parts;
  let listener: RequestListener | undefined;
  const options: FastifyServerOptions = {
    serverFactory: (handler) => {
      listener = handler;
      return socket.server;
    },
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: maxParamCharacters },
    trustProxy: proxies.ranges.length === 0 ? false : [...proxies.ranges],
    requestIdHeader: false,
    genReqId: (request) => proxies.requestId(request),
    // A URL that cannot be read gets here before any hook.
    frameworkErrors: (error, request, reply) => {
      sendProblem(request, reply.headers(constantHeaders(parts.https)), problemOf(error));
    },
  };
  // Our own hooks do all that Nest's middleware would.
  const adapter = new FastifyAdapter({ ...options, skipMiddie: true });
  const routes = new RouteTable();
  routes.watch(adapter.getInstance());
  addRequestHooks(adapter.getInstance(), parts);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: log,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(routes));
  await app.init();
  await adapter.getInstance().ready();
  if (listener !== undefined) socket.serve(listener);
  return app;
}
