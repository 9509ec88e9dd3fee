// Doubles that the specs of this library share, labelled so: buses, keys, progress, the app's error filter.
import { Catch, Module } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter, INestApplication } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Clock, ViewStore } from '@sallyport/engine';
import type { JsonObject } from '@sallyport/engine';
import { LedgerError, ProblemError, RequestProofs, ServiceSettings } from '@sallyport/feature-ledger';
import type { AccessFailure, AuthenticateAccess, Principal, Written } from '@sallyport/feature-ledger';
import { noon } from '@sallyport/testing';
import { PersonalKeys, TokenError } from '@sallyport/tokens';
import type { FastifyReply } from 'fastify';
import { AccountController } from './account.controller.js';
import { AccessRules, SignedIn } from './caller.js';
import { DevicesController } from './devices.controller.js';
import { PersonalParts } from './personal-parts.js';
import { SessionViews } from './session-views.js';
import { SessionsController } from './sessions.controller.js';
import { TravelController } from './travel.controller.js';
import { ViewProgress } from './view-progress.js';
import { ViewWait } from './view-wait.js';

export const nowMs = noon;

export function ago(seconds: number): string {
  return new Date(nowMs - seconds * 1000).toISOString();
}

/** Signed in a minute ago, on device `d1`. */
export const alice: Principal = {
  accountId: 'alice',
  sessionId: 's1',
  deviceId: 'd1',
  clientId: 'phone',
  scope: ['offline_access'],
  authTimeMs: nowMs - 60_000,
  tokenExpiresAtMs: nowMs + 240_000,
  acr: 'pwd',
  amr: ['pwd'],
};

/** Bus double: notes commands and answers them with a position, or refuses as told. */
export class Commands {
  readonly seen: { readonly input: unknown; readonly ordered: unknown }[] = [];
  refusal: Error | undefined;

  execute(command: { readonly input: object; readonly ordered: object }): Promise<Written> {
    const input = { command: command.constructor.name, ...command.input };
    this.seen.push({ input, ordered: command.ordered });
    return this.refusal === undefined ? Promise.resolve({ position: '42' }) : Promise.reject(this.refusal);
  }
}

/** Bus double: who asks is what the test says. */
export class Queries {
  readonly seen: AuthenticateAccess[] = [];
  answer: { readonly kind: 'principal'; readonly principal: Principal } | AccessFailure = {
    kind: 'principal',
    principal: alice,
  };

  execute(query: AuthenticateAccess): Promise<Queries['answer']> {
    this.seen.push(query);
    return Promise.resolve(this.answer);
  }
}

/** Double: what was "sealed" for an account is JSON, and opens while the account has a key. */
export class Keys {
  readonly erased = new Set<string>();

  open(accountId: string, _place: object, sealed: string): Promise<JsonObject | undefined> {
    if (this.erased.has(accountId)) return Promise.resolve(undefined);
    if (sealed === 'altered') return Promise.reject(new TokenError('personal_altered'));
    return Promise.resolve(JSON.parse(sealed) as JsonObject);
  }
}

/** Double: the views stand at 10. */
export class Progress extends ViewProgress {
  readonly waits: unknown[] = [];

  position(): string {
    return '10';
  }

  waitFor(position: string, budgetMs: number): Promise<boolean> {
    this.waits.push([position, budgetMs]);
    return Promise.resolve(Number(position) <= 10);
  }

  lag(): Promise<{ readonly events: number; readonly seconds: number }> {
    return Promise.resolve({ events: 0, seconds: 0 });
  }
}

/** Double of the app's filter: enough of it to see what the controllers throw. */
@Catch()
class Filter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof ProblemError) {
      const { status, headers = {}, members, ...rest } = error.parts;
      void reply
        .code(status)
        .headers(headers)
        .send({ ...rest, ...members });
      return;
    }
    const refused = error instanceof LedgerError;
    void reply.code(refused ? 404 : 500).send({ code: refused ? error.code : String(error) });
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The JSON of the answer. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: object;
}

/** The controllers of this library on a free port of the loopback, over doubles. */
export class ExampleApp {
  readonly commands = new Commands();
  readonly queries = new Queries();
  readonly keys = new Keys();
  readonly progress = new Progress();
  private app: INestApplication | undefined;

  constructor(private readonly views: ViewStore) {}

  async start(): Promise<void> {
    const app = await NestFactory.create(this.module(), new FastifyAdapter(), { logger: false });
    app.useGlobalFilters(new Filter());
    await app.listen(0, '127.0.0.1');
    this.app = app;
  }

  async stop(): Promise<void> {
    await this.app?.close();
  }

  /** Back to Alice, with everything in order. */
  reset(): void {
    this.commands.seen.length = 0;
    this.commands.refusal = undefined;
    this.queries.seen.length = 0;
    this.queries.answer = { kind: 'principal', principal: alice };
    this.keys.erased.clear();
    this.progress.waits.length = 0;
  }

  /** Sends a request, with a DPoP token unless headers are given. */
  async send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, sent: Sent = {}): Promise<Answer> {
    const { payload } = sent;
    const headers = new Headers(sent.headers ?? { authorization: 'DPoP token', dpop: 'proof' });
    if (payload !== undefined) headers.set('content-type', 'application/json');
    const url = `${(await this.app?.getUrl()) ?? ''}${path}`;
    const init: RequestInit = { method, headers, body: JSON.stringify(payload) };
    const answer = await fetch(url, init);
    const text = await answer.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text, body };
  }

  private module(): new () => object {
    const doubles = [
      { provide: CommandBus, useValue: this.commands },
      { provide: QueryBus, useValue: this.queries },
      { provide: PersonalKeys, useValue: this.keys },
      { provide: ViewProgress, useValue: this.progress },
      { provide: ViewStore, useValue: this.views },
      { provide: Clock, useValue: { now: () => nowMs } },
      { provide: ServiceSettings, useValue: { issuer: 'https://id.example', freshSeconds: 300 } },
      { provide: RequestProofs, useValue: { freshNonce: () => 'fresh-nonce' } },
    ];
    @Module({
      controllers: [AccountController, DevicesController, SessionsController, TravelController],
      providers: [...doubles, AccessRules, PersonalParts, SessionViews, SignedIn, ViewWait],
    })
    class Example {}
    return Example;
  }
}
