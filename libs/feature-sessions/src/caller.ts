// Who a request to /v1 acts for: the guard that checks its access token; the challenge for a newer sign-in.
import { createParamDecorator, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { strongAuthenticationSeconds } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import { AuthenticateAccess, ProblemError, RequestProofs, ServiceSettings } from '@sallyport/feature-ledger';
import type { AccessFailure, Ordered, Principal } from '@sallyport/feature-ledger';
import { PROOF_ALGORITHMS } from '@sallyport/tokens';
import type { FastifyReply, FastifyRequest } from 'fastify';

type Scheme = AccessFailure['scheme'];
type AuthenticatedRequest = FastifyRequest & { caller?: Caller };

/** How old a sign-in is, and how old it may be where that counts. */
interface Freshness {
  readonly scheme: Scheme;
  readonly ageMs: number;
  readonly maxSeconds: number;
}

/** The signed-in person, by one of their sessions. */
export class Caller {
  constructor(
    readonly principal: Principal,
    /** For commands: who orders, in which request. */
    readonly ordered: Ordered,
    private readonly freshness: Freshness,
  ) {}

  /** Throws the challenge of RFC 9470 section 3 unless the person was authenticated recently enough. */
  requireFresh(maxSeconds = this.freshness.maxSeconds): void {
    const { scheme, ageMs } = this.freshness;
    if (ageMs <= maxSeconds * 1000) return;
    const error = 'insufficient_user_authentication';
    const description = `This needs a sign-in within the last ${maxSeconds} seconds. Sign in again.`;
    const named = `error="${error}", error_description="${description}", max_age="${maxSeconds}"`;
    throw new ProblemError({
      status: 401,
      code: error,
      title: 'The sign-in is too old for this',
      detail: description,
      members: { maxAge: maxSeconds },
      headers: { 'www-authenticate': `${scheme} ${named}` },
    });
  }

  /** Strong authentication: a recent sign-in on a device with a key. The device; throws what is missing. */
  requireStrong(): string {
    const { deviceId } = this.principal;
    if (deviceId === undefined) {
      throw new ProblemError({
        status: 403,
        code: 'device_key_required',
        title: 'This needs a device with a key',
        detail: 'Sign in by a client that binds its tokens to a device key (DPoP).',
      });
    }
    this.requireFresh(Math.min(this.freshness.maxSeconds, strongAuthenticationSeconds));
    return deviceId;
  }
}

/** The caller that `SignedIn` found. */
export const SignedInCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (caller === undefined) throw new Error('a route without the guard SignedIn asks for its caller');
  return caller;
});

/** What access is judged by besides the token. */
@Injectable()
export class AccessRules {
  constructor(
    private readonly settings: ServiceSettings,
    private readonly clock: Clock,
  ) {}

  /** The URL that a proof must name: RFC 9449 section 4.3, without query and fragment. */
  urlOf(request: FastifyRequest): string {
    return `${this.settings.issuer}${request.url.split('?', 1)[0]}`;
  }

  freshnessOf(principal: Principal, scheme: Scheme): Freshness {
    const ageMs = this.clock.now() - principal.authTimeMs;
    return { scheme, ageMs, maxSeconds: this.settings.freshSeconds };
  }
}

/** Lets in who sends a good access token: RFC 6750 section 2.1, or RFC 9449 section 7 and a nonce back. */
@Injectable()
export class SignedIn implements CanActivate {
  constructor(
    private readonly queries: QueryBus,
    private readonly proofs: RequestProofs,
    private readonly rules: AccessRules,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { authorization, dpop } = request.headers;
    const scheme: Scheme = /^bearer /i.test(authorization ?? '') ? 'Bearer' : 'DPoP';
    void reply.header('cache-control', 'no-store');
    if (scheme === 'DPoP' || dpop !== undefined) void reply.header('dpop-nonce', this.proofs.freshNonce());
    const proof = { dpop, method: request.method, url: this.rules.urlOf(request) };
    const result = await this.queries.execute(new AuthenticateAccess(authorization, proof));
    if (result.kind === 'failure') throw refusal(result);
    const { principal } = result;
    const ordered: Ordered = {
      actor: { kind: 'user', id: principal.accountId },
      correlationId: request.id,
      sessionId: principal.sessionId,
    };
    request.caller = new Caller(principal, ordered, this.rules.freshnessOf(principal, scheme));
    return true;
  }
}

const titles: { readonly [error in AccessFailure['error']]: string } = {
  missing: 'Sign in first',
  invalid_token: 'The access token is not good',
  invalid_dpop_proof: 'The DPoP proof is not good',
  use_dpop_nonce: 'The DPoP proof needs a fresh nonce',
  invalid_request: 'The request cannot be read',
};

/** Without credentials in the request there is no error to name (RFC 6750 section 3.1). */
function refusal({ error, description, scheme }: AccessFailure): ProblemError {
  const algorithms = scheme === 'DPoP' ? [`algs="${PROOF_ALGORITHMS.join(' ')}"`] : [];
  const named = error === 'missing' ? [] : [`error="${error}"`, `error_description="${description}"`];
  const challenge = [...named, ...algorithms].join(', ');
  return new ProblemError({
    status: error === 'invalid_request' ? 400 : 401,
    code: error === 'missing' ? 'unauthorized' : error,
    title: titles[error],
    detail: description,
    headers: { 'www-authenticate': `${scheme} ${challenge}`.trim() },
  });
}
