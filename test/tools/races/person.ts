// People of a race: what their apps hold, and the requests they make to any of the processes.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  AuthenticateAccess,
  ExchangeCode,
  LedgerError,
  OpenAccount,
  ReadSession,
  RefreshSession,
  SignIn,
} from '@sallyport/feature-ledger';
import type { Authentication, OAuthFailure, SignInResult, TokenAnswer } from '@sallyport/feature-ledger';
import type { Standing } from '@sallyport/core-session';
import { isEngineError } from '@sallyport/engine';
import { ProofSigner } from '../client/index.js';
import { issuer, origin, tokenUrl } from '../model/local-service.js';
import { placeOf } from '../prove/answer-book.js';
import type { RacingService } from './racing-service.js';
import type { Random } from './random.js';

/** An answer; `busy` is a retryable refusal that says nothing about the request. */
export type Answer = TokenAnswer | OAuthFailure | { readonly kind: 'busy' };

export interface Person {
  readonly accountId: string;
  readonly email: string;
  readonly password: string;
}

/** A code in an app's hands, with the session it will start and what it was decided on. */
export interface Code {
  readonly text: string;
  readonly verifier: string;
  readonly clientId: string;
  readonly sessionId: string;
  readonly authentication: Authentication;
  readonly key: ProofSigner | undefined;
}

/** A session and every token of it that was released. */
export interface Held {
  readonly sessionId: string;
  readonly clientId: string;
  readonly key: ProofSigner | undefined;
  readonly markerAccount: number;
  readonly refreshTokens: string[];
  readonly accessTokens: string[];
}

export const ordered = { actor: { kind: 'operator' as const, id: 'races' }, correlationId: randomUUID() };
const redirectUri = 'http://127.0.0.1/callback';
const maxTries = 5;

/** One or more processes over one store, and requests to any of them. */
export class Processes {
  constructor(
    readonly services: readonly RacingService[],
    private readonly random: Random,
  ) {}

  /** One of them; requests do not choose. */
  get any(): RacingService {
    return this.random.pick(this.services);
  }

  async openAccount(): Promise<Person> {
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const password = `password ${randomBytes(8).toString('hex')}`;
    const open = new OpenAccount({ email, password }, ordered);
    const { accountId } = await retried(() => this.any.commands.execute(open));
    return { accountId, email, password };
  }

  /** One try; rejects with a retryable refusal. */
  signInOnce(person: Person, password: string): Promise<SignInResult> {
    this.tick();
    const input = { username: person.email, password, clientId: 'demo-phone' };
    return this.any.commands.execute(new SignIn(input, origin()));
  }

  signIn(person: Person, password = person.password): Promise<SignInResult> {
    return retried(() => this.signInOnce(person, password));
  }

  /** The code of a sign-in, for a client with or without a key of its own. */
  async code(authentication: Authentication, key: ProofSigner | undefined): Promise<Code> {
    const clientId = key === undefined ? 'demo-bearer' : 'demo-phone';
    const verifier = randomBytes(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(verifier).digest('base64url');
    const scope = 'offline_access profile';
    const { codes } = this.any;
    const text = await codes.issue({ authentication, clientId, scope, redirectUri, codeChallenge });
    const { sessionId } = await codes.open(text);
    return { text, verifier, clientId, sessionId, authentication, key };
  }

  async exchange({ text, verifier, clientId, key }: Code): Promise<Answer> {
    const service = this.any;
    this.tick();
    const input = { code: text, codeVerifier: verifier, redirectUri, clientId };
    const dpop = key?.proof({ nonce: await service.nonce() });
    const proof = { dpop, method: 'POST', url: tokenUrl };
    return answered(() => service.commands.execute(new ExchangeCode(input, proof, origin())));
  }

  /** Signs in, which must succeed. */
  async authenticate(person: Person): Promise<Authentication> {
    const result = await this.signIn(person);
    if (result.kind !== 'authenticated') throw new Error(`a sign-in outside of the race: ${result.kind}`);
    return result.authentication;
  }

  /** A session of an authentication, which must succeed. */
  async session(authentication: Authentication, bound: boolean): Promise<Held> {
    const code = await this.code(authentication, bound ? new ProofSigner(tokenUrl) : undefined);
    const held = holder(code);
    for (let tries = 0; tries < maxTries; tries += 1) {
      const answer = await this.exchange(code);
      if (keep(held, answer)) return held;
      if (answer.kind === 'failure') throw new Error(`an exchange outside of the race: ${answer.error}`);
    }
    throw new Error('an exchange outside of the race was never answered');
  }

  /** One refresh; a challenge is answered with a new proof, as every client does. */
  async refresh({ clientId, key }: Held, token: string, proof?: string): Promise<Answer> {
    let floorMs: number | undefined;
    for (let tries = 0; ; tries += 1) {
      const service = this.any;
      this.tick();
      const dpop = proof ?? key?.proof({ nonce: await service.nonce(floorMs), token });
      const input = { refreshToken: token, clientId };
      const sent = { dpop, method: 'POST', url: tokenUrl };
      const answer = await answered(() =>
        service.commands.execute(new RefreshSession(input, sent, origin())),
      );
      const isChallenge = answer.kind === 'failure' && answer.error === 'use_dpop_nonce';
      if (!isChallenge || proof !== undefined || tries === maxTries) return answer;
      floorMs = answer.nonceFloorMs;
    }
  }

  /** Whether a request with the access token is let in. */
  async letsIn(service: RacingService, { key }: Held, token: string): Promise<boolean> {
    this.tick();
    const url = `${issuer}/v1/sessions`;
    const dpop = key?.proof({ nonce: await service.nonce(), htm: 'GET', htu: url, token });
    const scheme = key === undefined ? 'Bearer' : 'DPoP';
    const query = new AuthenticateAccess(`${scheme} ${token}`, { dpop, method: 'GET', url });
    return (await service.queries.execute(query)).kind === 'principal';
  }

  async standing(service: RacingService, sessionId: string): Promise<Standing | undefined> {
    return (await service.queries.execute(new ReadSession(sessionId)))?.standing;
  }

  generationOf(refreshToken: string): number {
    return placeOf(refreshToken).generation;
  }

  /** No two requests arrive within one millisecond on a network. */
  private tick(): void {
    this.services[0]?.tick();
  }
}

export function holder({ sessionId, clientId, key, authentication }: Code): Held {
  const markerAccount = authentication.marker.account;
  return { sessionId, clientId, key, markerAccount, refreshTokens: [], accessTokens: [] };
}

/** Stores what was released; false when nothing was. */
export function keep(held: Held, answer: Answer): answer is TokenAnswer {
  if (answer.kind !== 'tokens') return false;
  held.accessTokens.push(answer.accessToken);
  held.refreshTokens.push(answer.refreshToken as string);
  return true;
}

/** Asks again while the answer is a retryable refusal. */
export async function retried<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isEngineError(error) || tries === maxTries) throw error;
    }
  }
}

/** The code of a refusal by the ledger, or what the order resolved with. */
export async function orderedOr<T>(ask: () => Promise<T>): Promise<T | LedgerError> {
  try {
    return await retried(ask);
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
}

async function answered(ask: () => Promise<TokenAnswer | OAuthFailure>): Promise<Answer> {
  try {
    const answer = await ask();
    return answer.kind === 'failure' && answer.error === 'temporarily_unavailable'
      ? { kind: 'busy' }
      : answer;
  } catch (error) {
    if (isEngineError(error)) return { kind: 'busy' };
    throw error;
  }
}
