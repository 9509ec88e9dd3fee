// GET and POST /sign-up: a person opens an account, and goes back to the sign-in they came from.
import { Controller, Get, NotFoundException, Post, Req, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { isEngineError } from '@sallyport/engine';
import { ClientRegistry, LedgerError, OpenAccount, ServiceSettings } from '@sallyport/feature-ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthMetrics } from '../metrics.js';
import { Forms } from '../pages/forms.js';
import { PageErrorFilter } from '../pages/page-error.filter.js';
import { sendPage } from '../pages/page-answer.js';
import { openedPage, problemPage, signUpPage } from '../pages/pages.js';
import { texts } from '../pages/texts.js';
import { rawParameters } from '../parameters.js';
import { authorizationQuery, readAuthorization } from './authorization-request.js';

type Refused = 'incomplete' | 'unavailable' | (typeof refusals)[number];

const refusals = ['name_malformed', 'name_taken', 'password_too_short', 'password_too_long'] as const;
const maxLength = { username: 320, password: 1_024 } as const;

@Controller('sign-up')
@UseFilters(PageErrorFilter)
export class SignUpController {
  constructor(
    private readonly commands: CommandBus,
    private readonly clients: ClientRegistry,
    private readonly settings: ServiceSettings,
    private readonly forms: Forms,
    private readonly metrics: OAuthMetrics,
  ) {}

  /** The query is the authorization request that the person came from, if any. */
  @Get()
  show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.refuseWhenOff();
    const outcome = readAuthorization(request.query, this.clients);
    const from = outcome.kind === 'accepted' ? authorizationQuery(outcome.request) : '';
    this.showForm({ request, reply }, { from });
  }

  @Post()
  async open(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.refuseWhenOff();
    const { form, username, password } = rawParameters(request.body);
    const opened = await this.forms.open(request, 'sign-up-form', form);
    if (opened.kind !== 'open') {
      this.metrics.form('sign-up', opened.kind);
      return sendPage(reply, problemPage(opened.kind), { status: opened.kind === 'expired' ? 400 : 403 });
    }
    const from = String(opened.payload['from'] ?? '');
    const refused = await this.attempt(request, { username, password });
    this.metrics.form('sign-up', refused === undefined ? 'accepted' : 'refused');
    if (refused === undefined) return sendPage(reply, openedPage(signInHref(from)));
    const typed = typeof username === 'string' ? { username: username.slice(0, maxLength.username) } : {};
    return this.showForm({ request, reply }, { from, refused, ...typed });
  }

  /** Undefined once the account is open, else why it is not. */
  private async attempt(
    request: FastifyRequest,
    { username, password }: { readonly username: unknown; readonly password: unknown },
  ): Promise<Refused | undefined> {
    if (typeof username !== 'string' || typeof password !== 'string') return 'incomplete';
    if (username.trim() === '' || password === '') return 'incomplete';
    if (username.length > maxLength.username) return 'name_malformed';
    if (password.length > maxLength.password) return 'password_too_long';
    try {
      const ordered = { actor: { kind: 'user' }, correlationId: request.id } as const;
      await this.commands.execute(new OpenAccount({ email: username, password }, ordered));
      return undefined;
    } catch (error) {
      return refusalOf(error);
    }
  }

  private showForm(
    exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    view: { readonly from: string; readonly refused?: Refused; readonly username?: string },
  ): void {
    const form = this.forms.protect(exchange, 'sign-up-form', { from: view.from });
    const page = signUpPage({
      form,
      username: view.username,
      signInHref: signInHref(view.from),
      ...(view.refused === undefined ? {} : { problem: texts.signUp[view.refused] }),
      faulty: faultyField(view.refused),
    });
    if (view.refused === 'unavailable') exchange.reply.header('retry-after', 1);
    sendPage(exchange.reply, page, { status: statusOfRefusal(view.refused) });
  }

  private refuseWhenOff(): void {
    if (!this.settings.signUpEnabled) throw new NotFoundException();
  }
}

/** Throws what is no refusal of an account. */
function refusalOf(error: unknown): Refused {
  if (isEngineError(error)) return 'unavailable';
  const refusal = error instanceof LedgerError ? refusals.find((code) => code === error.code) : undefined;
  if (refusal === undefined) throw error;
  return refusal;
}

function statusOfRefusal(refused: Refused | undefined): number {
  if (refused === undefined) return 200;
  return refused === 'unavailable' ? 503 : 422;
}

function faultyField(refused: Refused | undefined): 'username' | 'password' | undefined {
  if (refused === 'name_malformed' || refused === 'name_taken') return 'username';
  return refused === 'password_too_short' || refused === 'password_too_long' ? 'password' : undefined;
}

function signInHref(from: string): string | undefined {
  return from === '' ? undefined : `authorize?${from}`;
}
