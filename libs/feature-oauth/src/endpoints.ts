// The endpoints by path: their methods, and how the web server guards them before and beside the controllers.
import type { ServiceSettings } from '@sallyport/feature-ledger';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerForm, EndpointRefusals } from './endpoint-refusals.js';

interface Endpoint {
  readonly methods: readonly string[];
  readonly form: AnswerForm;
}

const endpoints = {
  authorize: { methods: ['GET', 'HEAD'], form: 'page' },
  'sign-in': { methods: ['POST'], form: 'page' },
  'sign-up': { methods: ['GET', 'HEAD', 'POST'], form: 'page' },
  token: { methods: ['POST'], form: 'oauth' },
  revoke: { methods: ['POST'], form: 'oauth' },
  '.well-known/jwks.json': { methods: ['GET', 'HEAD'], form: 'oauth' },
  '.well-known/oauth-authorization-server': { methods: ['GET', 'HEAD'], form: 'oauth' },
} as const satisfies { readonly [path: string]: Endpoint };

export type EndpointPath = keyof typeof endpoints;

const byUrl: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries(endpoints).map(([path, endpoint]) => [`/${path}`, endpoint]),
);

/** The largest request here is a form with a sealed authorization request of 8,192 characters. */
const bodyLimitBytes = 16_384;

/** Where a client reaches the endpoint; the issuer may have a path that a proxy in front takes away. */
export function endpointUrl(settings: Pick<ServiceSettings, 'issuer'>, path: EndpointPath): string {
  return `${settings.issuer}/${path}`;
}

/** To be called before the routes exist: limits bodies and answers those that cannot be read. */
export function guardBodies(instance: FastifyInstance, refusals: EndpointRefusals): void {
  instance.addHook('onRoute', (route) => {
    const endpoint = byUrl.get(route.url);
    if (endpoint === undefined) return;
    route.bodyLimit = bodyLimitBytes;
    route.errorHandler = (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      refusals.unreadableBody(reply, endpoint.form, error);
    };
  });
}

/** To be called after the routes exist: every method that has none is a 405 that names the right ones. */
export function refuseOtherMethods(instance: FastifyInstance, refusals: EndpointRefusals): void {
  for (const [url, { methods, form }] of byUrl) {
    const refuse = (_request: FastifyRequest, reply: FastifyReply): void => {
      refusals.wrongMethod(reply, form, methods);
    };
    instance.route({
      method: instance.supportedMethods.filter((method) => !methods.includes(method)),
      url,
      // Before the body is read: a wrong method is wrong whatever comes with it.
      onRequest: refuse,
      handler: refuse,
    });
  }
}
