// What a token or revocation request ends in when no answer came: the same form as every other OAuth error.
import { Catch, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { isEngineError } from '@sallyport/engine';
import type { FastifyReply } from 'fastify';
import { OAuthError } from '../errors.js';
import { OAuthMetrics } from '../metrics.js';
import { TokenAnswers } from './token-answers.js';

/** Anything the store or a queue could not do is temporary and says nothing of the token (G11). */
@Catch()
export class TokenErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('oauth');

  constructor(
    private readonly answers: TokenAnswers,
    private readonly metrics: OAuthMetrics,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof OAuthError) {
      this.metrics.refused(error.code);
      this.answers.refusal(reply, error);
    } else if (isEngineError(error)) {
      this.metrics.refused('temporarily_unavailable');
      this.answers.failure(reply, unavailable);
      this.logger.warn({ msg: 'The store or a queue refused', code: error.code });
    } else {
      this.metrics.refused('server_error');
      this.logger.error({ msg: 'A token request failed', err: error });
      this.answers.refusal(reply, new OAuthError('server_error', 'The service failed; it has been logged.'));
    }
  }
}

const unavailable = {
  kind: 'failure',
  error: 'temporarily_unavailable',
  description: 'The service cannot decide just now. Keep the token and ask again.',
} as const;
