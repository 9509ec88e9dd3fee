// What is answered where no controller is reached, in the form that the endpoint's callers understand.
import { Injectable } from '@nestjs/common';
import type { FastifyError, FastifyReply } from 'fastify';
import { OAuthError } from './errors.js';
import { OAuthMetrics } from './metrics.js';
import { sendPage } from './pages/page-answer.js';
import { problemPage } from './pages/pages.js';
import { TokenAnswers } from './token/token-answers.js';

/** People get a page, programs the JSON of RFC 6749 section 5.2. */
export type AnswerForm = 'page' | 'oauth';

@Injectable()
export class EndpointRefusals {
  constructor(
    private readonly answers: TokenAnswers,
    private readonly metrics: OAuthMetrics,
  ) {}

  /** RFC 9110 section 15.5.6. */
  wrongMethod(reply: FastifyReply, form: AnswerForm, methods: readonly string[]): void {
    reply.header('allow', methods.join(', '));
    if (form === 'page') return sendPage(reply, problemPage('wrongMethod'), { status: 405 });
    this.refuse(reply, `Use ${methods.filter((method) => method !== 'HEAD').join(' or ')}.`, 405);
  }

  /** The body could not be read: its type, its size or its encoding. */
  unreadableBody(reply: FastifyReply, form: AnswerForm, error: FastifyError): void {
    const tooLarge = error.statusCode === 413;
    const status = tooLarge ? 413 : 400;
    if (form === 'page') return sendPage(reply, problemPage('malformed'), { status });
    const type = 'The body must be application/x-www-form-urlencoded and well formed.';
    this.refuse(reply, tooLarge ? 'The body is too large.' : type, status);
  }

  private refuse(reply: FastifyReply, description: string, status: number): void {
    this.metrics.refused('invalid_request');
    this.answers.refusal(reply, new OAuthError('invalid_request', description), status);
  }
}
