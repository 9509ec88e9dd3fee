// GET /authorize (RFC 6749 section 3.1) and POST /sign-in, its form: from a client's request to a code.
import { Controller, Get, Post, Req, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Client } from '@sallyport/core-session';
import { isEngineError } from '@sallyport/engine';
import type { JsonObject } from '@sallyport/engine';
import { AuthorizationCodes, ClientRegistry, ServiceSettings, SignIn } from '@sallyport/feature-ledger';
import type { Authentication, SignInResult } from '@sallyport/feature-ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthMetrics } from '../metrics.js';
import { Forms } from '../pages/forms.js';
import { PageErrorFilter } from '../pages/page-error.filter.js';
import { redirect, sendPage } from '../pages/page-answer.js';
import { problemPage, signInPage } from '../pages/pages.js';
import { texts } from '../pages/texts.js';
import { rawParameters } from '../parameters.js';
import { originOf } from '../request.js';
import { authorizationQuery, readAuthorization } from './authorization-request.js';
import type { AuthorizationRequest } from './authorization-request.js';
import { formActionSource, withParameters } from './redirect-uri.js';

/** A request and its answer, on their way through the steps below. */
interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A sign-in in progress: for whom, and what the person typed. */
interface Progress {
  readonly asked: AuthorizationRequest;
  readonly client: Client;
  readonly username?: string;
}

type Attempt = SignInResult | { readonly kind: 'incomplete' | 'unavailable' };
type Failed = Exclude<Attempt, { readonly kind: 'authenticated' }>;

const maxLength = { username: 320, password: 1_024 } as const;
const retryAfterSeconds = 1;

/** Not 401 for what was typed wrong: that would need a challenge (RFC 9110 section 15.5.2). */
const statusOfFailure = {
  incomplete: 422,
  refused: 422,
  locked: 403,
  throttled: 429,
  unavailable: 503,
} as const;

@Controller()
@UseFilters(PageErrorFilter)
export class AuthorizeController {
  constructor(
    private readonly commands: CommandBus,
    private readonly clients: ClientRegistry,
    private readonly codes: AuthorizationCodes,
    private readonly settings: ServiceSettings,
    private readonly forms: Forms,
    private readonly metrics: OAuthMetrics,
  ) {}

  @Get('authorize')
  authorize(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const outcome = readAuthorization(request.query, this.clients);
    switch (outcome.kind) {
      case 'unanswerable':
        return sendPage(reply, problemPage(outcome.cause), { status: 400 });
      case 'refused': {
        const { error, redirectUri, state } = outcome;
        const answer = { error: error.code, error_description: error.description, state };
        return this.answer(reply, redirectUri, answer);
      }
      case 'accepted':
        return this.showForm({ request, reply }, { asked: outcome.request, client: outcome.client });
    }
  }

  @Post('sign-in')
  async signIn(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { form, username, password } = rawParameters(request.body);
    const opened = await this.forms.open(request, 'sign-in-form', form);
    if (opened.kind !== 'open') {
      this.metrics.form('sign-in', opened.kind);
      return sendPage(reply, problemPage(opened.kind), { status: opened.kind === 'expired' ? 400 : 403 });
    }
    const asked = opened.payload as unknown as AuthorizationRequest;
    const client = this.clients.find(asked.clientId);
    if (client === undefined) return sendPage(reply, problemPage('client'), { status: 400 });
    const attempt = await this.attempt(request, asked, { username, password });
    this.metrics.form('sign-in', attempt.kind === 'authenticated' ? 'accepted' : 'refused');
    if (attempt.kind === 'authenticated') return this.release(reply, asked, attempt.authentication);
    const typed = typeof username === 'string' ? { username: username.slice(0, maxLength.username) } : {};
    return this.showFailure({ request, reply }, { asked, client, ...typed }, attempt);
  }

  private async attempt(
    request: FastifyRequest,
    asked: AuthorizationRequest,
    { username, password }: { readonly username: unknown; readonly password: unknown },
  ): Promise<Attempt> {
    if (typeof username !== 'string' || typeof password !== 'string') return { kind: 'incomplete' };
    if (username.trim() === '' || password === '') return { kind: 'incomplete' };
    // No account has such a name or password; they are not worth a hash.
    if (username.length > maxLength.username) return { kind: 'refused' };
    if (password.length > maxLength.password) return { kind: 'refused' };
    try {
      const input = { username, password, clientId: asked.clientId };
      return await this.commands.execute(new SignIn(input, originOf(request)));
    } catch (error) {
      if (isEngineError(error)) return { kind: 'unavailable' };
      throw error;
    }
  }

  private release(reply: FastifyReply, asked: AuthorizationRequest, authentication: Authentication): void {
    const { state, ...grant } = asked;
    this.answer(reply, asked.redirectUri, { code: this.codes.issue({ ...grant, authentication }), state });
  }

  private showFailure(exchange: Exchange, progress: Progress, failed: Failed): void {
    if (failed.kind === 'throttled') exchange.reply.header('retry-after', failed.retryAfterSeconds);
    if (failed.kind === 'unavailable') exchange.reply.header('retry-after', retryAfterSeconds);
    this.showForm(exchange, progress, failed.kind);
  }

  private showForm(exchange: Exchange, progress: Progress, failure?: Failed['kind']): void {
    const { asked, client, username } = progress;
    const form = this.forms.protect(exchange, 'sign-in-form', { ...asked } as JsonObject);
    const page = signInPage({
      form,
      clientName: client.name,
      username,
      ...(failure === undefined ? {} : { problem: texts.signIn[failure] }),
      ...(this.settings.signUpEnabled ? { signUpHref: `sign-up?${authorizationQuery(asked)}` } : {}),
    });
    const status = failure === undefined ? 200 : statusOfFailure[failure];
    sendPage(exchange.reply, page, { status, formAction: formActionSource(asked.redirectUri) });
  }

  /** Every answer at the redirect URI says who gave it (RFC 9207). */
  private answer(
    reply: FastifyReply,
    redirectUri: string,
    parameters: { readonly [name: string]: string | undefined },
  ): void {
    redirect(reply, withParameters(redirectUri, { ...parameters, iss: this.settings.issuer }));
  }
}
