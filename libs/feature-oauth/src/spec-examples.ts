// What the specs start from: two clients, one request, and the endpoints over a labelled double of the bus.
import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Client } from '@sallyport/core-session';
import { Clock, Ids, SecretStore } from '@sallyport/engine';
import {
  AuthorizationCodes,
  ClientRegistry,
  RequestProofs,
  ServiceSettings,
} from '@sallyport/feature-ledger';
import { MovableClock, RandomIds } from '@sallyport/testing';
import { KeyRing, MasterKey } from '@sallyport/tokens';
import { Registry } from 'prom-client';
import { controllers, OAuthModule, providers } from './oauth.module.js';

export const issuer = 'https://id.example';

/** 43 base64url characters, as SHA-256 gives. */
export const codeChallenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
export const thumbprint = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

export const demoPhone: Client = {
  clientId: 'demo-phone',
  name: 'Demo <phone>',
  redirectUris: ['http://127.0.0.1/callback', 'com.example.app:/oauth'],
  scopes: ['offline_access', 'profile'],
  keyBound: true,
  idleSeconds: 1_209_600,
  absoluteSeconds: 7_776_000,
  graceSeconds: 0,
  accessTokenSeconds: 300,
  wrongKeyEndsSession: false,
  staleTokenEndsSession: false,
  requireDpopJkt: false,
  serverSide: false,
  revocationNeedsProof: false,
};
export const strictPhone: Client = { ...demoPhone, clientId: 'strict-phone', requireDpopJkt: true };

/** A request of `demo-phone` that keeps every rule. */
export const authorization = {
  response_type: 'code',
  client_id: 'demo-phone',
  redirect_uri: 'http://127.0.0.1:49152/callback',
  scope: 'offline_access',
  state: 'af0ifjsldkj',
  code_challenge: codeChallenge,
  code_challenge_method: 'S256',
} as const;

/** A double of the command bus: keeps what was dispatched and answers what the spec says. */
export class ScriptedBus {
  readonly commands: object[] = [];
  answer: (command: object) => unknown = () => undefined;

  async execute(command: object): Promise<unknown> {
    this.commands.push(command);
    return this.answer(command);
  }
}

export interface RunningOAuth {
  /** A request; redirects are not followed. */
  readonly call: (path: string, init?: RequestInit) => Promise<Answer>;
  readonly post: (path: string, fields: Fields, headers?: Record<string, string>) => Promise<Answer>;
  readonly bus: ScriptedBus;
  readonly clock: MovableClock;
  readonly codes: AuthorizationCodes;
  readonly proofs: RequestProofs;
  readonly settings: { issuer: string; signUpEnabled: boolean; development: boolean };
  readonly close: () => Promise<void>;
}

/** The real controllers on Fastify with a real key ring; `close` it afterwards. */
export async function startOAuth(store: SecretStore): Promise<RunningOAuth> {
  const bus = new ScriptedBus();
  const clock = new MovableClock();
  const ids = new RandomIds();
  const settings = { issuer, audience: issuer, freshSeconds: 300, signUpEnabled: true, development: false };
  const ring = new KeyRing({ store, ids, clock, issuer, master: new MasterKey(randomBytes(32)) });
  await ring.load();
  const codes = new AuthorizationCodes(ring, clock, ids);
  const proofs = new RequestProofs(ring, clock);
  const outside = [
    { provide: CommandBus, useValue: bus },
    { provide: ClientRegistry, useValue: new ClientRegistry([demoPhone, strictPhone]) },
    { provide: ServiceSettings, useValue: settings },
    { provide: AuthorizationCodes, useValue: codes },
    { provide: RequestProofs, useValue: proofs },
    { provide: KeyRing, useValue: ring },
    { provide: Clock, useValue: clock },
    { provide: Ids, useValue: ids },
    { provide: Registry, useValue: new Registry() },
  ];

  @Module({ imports: [], controllers, providers: [...providers, ...outside] })
  class OAuthOverDoubles extends OAuthModule {}

  const app = await NestFactory.create<NestFastifyApplication>(OAuthOverDoubles, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return { bus, clock, codes, proofs, settings, ...callers(await app.getUrl()), close: () => app.close() };
}

function callers(address: string): Pick<RunningOAuth, 'call' | 'post'> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return {
    call: (path, init = {}) => call(`${address}${path}`, init),
    post: (path, fields, headers = {}) => {
      const init = { method: 'POST', body: encoded(fields), headers: { ...type, ...headers } };
      return call(`${address}${path}`, init);
    },
  };
}

/** The names and values of a form or query; `undefined` leaves a name out, a list repeats it. */
export type Fields = { readonly [name: string]: string | readonly string[] | undefined };

export function encoded(fields: Fields): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) search.append(name, one);
  }
  return search.toString();
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly json: Record<string, unknown>;
}

async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  const body = await response.text();
  const { status, headers } = response;
  const isJson = headers.get('content-type')?.includes('json') === true && body !== '';
  return { status, headers, body, json: isJson ? JSON.parse(body) : {} };
}
