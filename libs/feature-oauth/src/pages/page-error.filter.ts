// What a page's request ends in when no page came: another page, never a stack or a JSON body.
import { Catch, Logger, NotFoundException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { isEngineError } from '@sallyport/engine';
import type { FastifyReply } from 'fastify';
import { OAuthError } from '../errors.js';
import { sendPage } from './page-answer.js';
import { problemPage } from './pages.js';

const retryAfterSeconds = 1;

@Catch()
export class PageErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('oauth');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof OAuthError) {
      sendPage(reply, problemPage('malformed'), { status: 400 });
    } else if (error instanceof NotFoundException) {
      sendPage(reply, problemPage('notFound'), { status: 404 });
    } else if (isEngineError(error)) {
      this.logger.warn({ msg: 'The store or a queue refused', code: error.code });
      reply.header('retry-after', retryAfterSeconds);
      sendPage(reply, problemPage('unavailable'), { status: 503 });
    } else {
      this.logger.error({ msg: 'A page failed', err: error });
      sendPage(reply, problemPage('failed'), { status: 500 });
    }
  }
}
