// What the commands need to know of the HTTP request that carries them.
import { clientAddress } from '@sallyport/feature-ledger';
import type { ProofInput, RequestOrigin } from '@sallyport/feature-ledger';
import type { FastifyRequest } from 'fastify';

const maxUserAgentLength = 512;
const appVersion = /^[\x21-\x7e]{1,32}$/;

/** Where the request came from. */
export function originOf(request: FastifyRequest): RequestOrigin {
  const { 'user-agent': agent, 'app-version': version } = request.headers;
  return {
    ip: clientAddress(request),
    correlationId: request.id,
    ...(agent === undefined ? {} : { userAgent: agent.slice(0, maxUserAgentLength) }),
    ...(typeof version === 'string' && appVersion.test(version) ? { appVersion: version } : {}),
  };
}

/** The request's DPoP header and what its proof must name (RFC 9449 section 4.3). `url`: of the endpoint. */
export function proofOf(request: FastifyRequest, url: string): ProofInput {
  return { dpop: request.headers['dpop'], method: request.method, url };
}
