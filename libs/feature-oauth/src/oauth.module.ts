// The OAuth 2.0 endpoints and the hosted pages as one Nest module.
import { Module } from '@nestjs/common';
import type { NestModule, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LedgerModule } from '@sallyport/feature-ledger';
import type { FastifyInstance } from 'fastify';
import { AuthorizeController } from './authorize/authorize.controller.js';
import { SignUpController } from './authorize/sign-up.controller.js';
import { EndpointRefusals } from './endpoint-refusals.js';
import { guardBodies, refuseOtherMethods } from './endpoints.js';
import { MetadataController } from './metadata.controller.js';
import { OAuthMetrics } from './metrics.js';
import { Forms } from './pages/forms.js';
import { TokenAnswers } from './token/token-answers.js';
import { TokenController } from './token/token.controller.js';

export const controllers = [AuthorizeController, SignUpController, TokenController, MetadataController];
export const providers = [EndpointRefusals, Forms, OAuthMetrics, TokenAnswers];

/**
 * Takes from the app: `KeyRing`, `Clock`, `Ids`, `ServiceSettings`, `ClientRegistry` and prom-client's
 * `Registry`; from the ledger: the command bus with its handlers, `AuthorizationCodes` and `RequestProofs`.
 */
@Module({ imports: [LedgerModule], controllers, providers })
export class OAuthModule implements NestModule, OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly refusals: EndpointRefusals,
  ) {}

  /** Nest calls this before it makes the routes; no middleware is configured. */
  configure(): void {
    guardBodies(this.instance(), this.refusals);
  }

  /** Nest calls this after it made the routes. */
  onModuleInit(): void {
    refuseOtherMethods(this.instance(), this.refusals);
  }

  private instance(): FastifyInstance {
    return this.host.httpAdapter.getInstance<FastifyInstance>();
  }
}
