// Answers of the token and revocation endpoints (RFC 6749 section 5), each with a fresh DPoP nonce.
import { Injectable } from '@nestjs/common';
import type { Position } from '@sallyport/engine';
import { RequestProofs } from '@sallyport/feature-ledger';
import type { OAuthFailure, TokenAnswer } from '@sallyport/feature-ledger';
import type { FastifyReply } from 'fastify';
import { statusOf } from '../errors.js';
import type { OAuthEndpointErrorCode, OAuthError } from '../errors.js';

const json = 'application/json; charset=utf-8';
const defaultRetryAfterSeconds = 1;

@Injectable()
export class TokenAnswers {
  constructor(private readonly proofs: RequestProofs) {}

  /** RFC 6749 section 5.1. */
  tokens(reply: FastifyReply, answer: TokenAnswer): void {
    const { accessToken, tokenType, expiresIn, refreshToken, scope } = answer;
    // Tokens are base64url and a type is a word of ours: nothing in them needs the escapes of JSON.
    const refresh = refreshToken === undefined ? '' : `"refresh_token":"${refreshToken}",`;
    const body =
      `{"access_token":"${accessToken}","token_type":"${tokenType}","expires_in":${expiresIn},` +
      `${refresh}"scope":${JSON.stringify(scope)}}`;
    this.common(reply, answer.position).header('content-type', json).send(body);
  }

  /** RFC 7009 section 2.2: revoked, or nothing to revoke. */
  done(reply: FastifyReply, position?: Position): void {
    this.common(reply, position).send();
  }

  /** RFC 6749 section 5.2; what is temporary is a 503 with `Retry-After`, and no verdict on any token. */
  failure(reply: FastifyReply, failure: OAuthFailure): void {
    const { error, description, reason, retryAfterSeconds, nonceFloorMs } = failure;
    if (error === 'temporarily_unavailable') {
      reply.header('retry-after', retryAfterSeconds ?? defaultRetryAfterSeconds);
    }
    this.problem(reply, { error, error_description: description, reason }, { nonceFloorMs });
  }

  /** A request that broke a rule of the endpoint; `status` where it is not the code's own. */
  refusal(reply: FastifyReply, refusal: OAuthError, status?: number): void {
    if (refusal.challenge !== undefined) reply.header('www-authenticate', refusal.challenge);
    const body = { error: refusal.code, error_description: refusal.description };
    this.problem(reply, body, { status: refusal.challenge === undefined ? status : 401 });
  }

  private problem(
    reply: FastifyReply,
    body: {
      readonly error: OAuthEndpointErrorCode;
      readonly error_description: string;
      readonly reason?: string;
    },
    { status = statusOf(body.error), nonceFloorMs }: { status?: number; nonceFloorMs?: number },
  ): void {
    const answer = this.common(reply, undefined, nonceFloorMs).code(status).header('content-type', json);
    answer.send(JSON.stringify(body));
  }

  private common(reply: FastifyReply, position?: Position, nonceFloorMs = 0): FastifyReply {
    if (position !== undefined) reply.header('sallyport-position', position);
    return reply
      .code(200)
      .header('cache-control', 'no-store')
      .header('pragma', 'no-cache')
      .header('dpop-nonce', this.proofs.freshNonce(nonceFloorMs));
  }
}
