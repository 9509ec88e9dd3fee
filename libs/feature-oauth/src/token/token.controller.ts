// POST /token (RFC 6749, 3.2) and POST /revoke (RFC 7009): parse, dispatch one command, map its result.
import { Controller, Post, Req, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ClientRegistry,
  ExchangeCode,
  RefreshSession,
  RevokeToken,
  ServiceSettings,
} from '@sallyport/feature-ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { endpointUrl } from '../endpoints.js';
import { originOf, proofOf } from '../request.js';
import { TokenAnswers } from './token-answers.js';
import { TokenErrorFilter } from './token-error.filter.js';
import { readRevocation, readTokenRequest } from './token-request.js';
import type { TokenRequest } from './token-request.js';

@Controller()
@UseFilters(TokenErrorFilter)
export class TokenController {
  constructor(
    private readonly commands: CommandBus,
    private readonly clients: ClientRegistry,
    private readonly settings: ServiceSettings,
    private readonly answers: TokenAnswers,
  ) {}

  @Post('token')
  async token(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = readTokenRequest(request, this.clients);
    const result = await this.commands.execute(this.commandFor(asked, request));
    if (result.kind === 'failure') this.answers.failure(reply, result);
    else this.answers.tokens(reply, result);
  }

  @Post('revoke')
  async revoke(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const input = readRevocation(request, this.clients);
    const proof = proofOf(request, endpointUrl(this.settings, 'revoke'));
    const result = await this.commands.execute(new RevokeToken(input, proof, originOf(request)));
    if (result.kind === 'failure') this.answers.failure(reply, result);
    else this.answers.done(reply, result.position);
  }

  private commandFor(asked: TokenRequest, request: FastifyRequest): ExchangeCode | RefreshSession {
    const proof = proofOf(request, endpointUrl(this.settings, 'token'));
    const origin = originOf(request);
    switch (asked.grantType) {
      case 'refresh_token':
        return new RefreshSession(asked, proof, origin);
      case 'authorization_code':
        return new ExchangeCode(asked, proof, origin);
    }
  }
}
