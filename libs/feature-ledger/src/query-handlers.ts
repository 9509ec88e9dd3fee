// Answers from the streams: who a request acts for, and how a session or an account stands.
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { sessionStanding, streams } from '@sallyport/core-session';
import type { AccountState, SessionState, Standing } from '@sallyport/core-session';
import { Clock, EventStore } from '@sallyport/engine';
import {
  KeyRing,
  PersonalKeys,
  retryUnknownKey,
  unlessTokenError,
  verifyAccessToken,
} from '@sallyport/tokens';
import type { AccessTokenClaims } from '@sallyport/tokens';
import { Ledger } from './ledger.js';
import { Names } from './names.js';
import { AuthenticateAccess, ReadAccount, ReadSession } from './queries.js';
import type { AccessFailure, Principal } from './queries.js';
import { ReplayMemory } from './replay-memory.js';
import { RequestProofs } from './request-proofs.js';
import { ServiceSettings } from './settings.js';

const proofLifeMs = 5 * 60_000;

@QueryHandler(AuthenticateAccess)
export class AuthenticateAccessHandler implements IQueryHandler<AuthenticateAccess> {
  private readonly replays: ReplayMemory;

  constructor(
    private readonly ledger: Ledger,
    private readonly ring: KeyRing,
    private readonly proofs: RequestProofs,
    private readonly settings: ServiceSettings,
    private readonly clock: Clock,
  ) {
    this.replays = new ReplayMemory(clock, proofLifeMs);
  }

  async execute(
    query: AuthenticateAccess,
  ): Promise<{ kind: 'principal'; principal: Principal } | AccessFailure> {
    const [scheme, token] = readAuthorization(query.authorization);
    if (token === undefined) {
      return failure(scheme, 'missing', 'Send an access token in the Authorization header.');
    }
    const claims = await this.verify(token);
    if (claims === undefined) {
      return failure(scheme, 'invalid_token', 'The access token is not valid. Refresh it.');
    }
    const bound = claims.cnf?.jkt;
    if (bound !== undefined && scheme === 'Bearer') {
      return failure(
        'DPoP',
        'invalid_token',
        'This access token is bound to a key: send it with the DPoP scheme and a proof.',
      );
    }
    const key = scheme === 'DPoP' ? await this.checkProof(query, token, bound) : undefined;
    if (key !== undefined) return key;
    return this.judge(claims, scheme);
  }

  private async verify(token: string): Promise<AccessTokenClaims | undefined> {
    const expected = {
      now: this.clock.now(),
      issuer: this.settings.issuer,
      audience: this.settings.audience,
    };
    const verify = (): Promise<AccessTokenClaims> => verifyAccessToken(token, this.ring, expected);
    return unlessTokenError(() => retryUnknownKey(this.ring, verify));
  }

  /** RFC 9449 section 7; a proof is good once, and for five minutes. */
  private async checkProof(
    query: AuthenticateAccess,
    token: string,
    bound: string | undefined,
  ): Promise<AccessFailure | undefined> {
    const checked = await this.proofs.check(query.proof, { required: true, token, athRequired: true });
    if (checked.kind === 'failure') return failure('DPoP', checked.error, checked.description);
    if (checked.kind === 'none' || checked.facts.thumbprint !== bound) {
      return failure(
        'DPoP',
        'invalid_token',
        'The DPoP proof must be signed by the key the access token is bound to.',
      );
    }
    const { nonceTimeMs, proofHash } = checked.facts;
    if (this.clock.now() - nonceTimeMs > proofLifeMs) {
      return failure(
        'DPoP',
        'use_dpop_nonce',
        'Send a DPoP proof with the nonce of the DPoP-Nonce header of this answer.',
      );
    }
    if (this.replays.firstUse(proofHash)) return undefined;
    return failure(
      'DPoP',
      'invalid_dpop_proof',
      'This DPoP proof was used before. Send a new one (a new jti).',
    );
  }

  private async judge(
    claims: AccessTokenClaims,
    scheme: 'DPoP' | 'Bearer',
  ): Promise<{ kind: 'principal'; principal: Principal } | AccessFailure> {
    const nowMs = this.clock.now();
    const active = await this.ledger.judgeSession(claims.sid, ({ session, ...scope }) => {
      if (session === undefined || session.accountId !== claims.sub) return false;
      return sessionStanding({ ...scope, session }, nowMs).status === 'active';
    });
    if (!active) {
      return failure(scheme, 'invalid_token', 'The session of this access token has ended. Sign in again.');
    }
    const principal: Principal = {
      accountId: claims.sub,
      sessionId: claims.sid,
      ...(claims.did === undefined ? {} : { deviceId: claims.did }),
      clientId: claims.client_id,
      scope: claims.scope.split(' '),
      authTimeMs: claims.auth_time * 1000,
      tokenExpiresAtMs: claims.exp * 1000,
      acr: claims.acr ?? '',
      amr: claims.amr ?? [],
    };
    return { kind: 'principal', principal };
  }
}

@QueryHandler(ReadSession)
export class ReadSessionHandler implements IQueryHandler<ReadSession> {
  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
  ) {}

  execute({ sessionId }: ReadSession): Promise<{ session: SessionState; standing: Standing } | undefined> {
    const nowMs = this.clock.now();
    return this.ledger.judgeSession(sessionId, ({ session, ...scope }) =>
      session === undefined
        ? undefined
        : { session, standing: sessionStanding({ ...scope, session }, nowMs) },
    );
  }
}

@QueryHandler(ReadAccount)
export class ReadAccountHandler implements IQueryHandler<ReadAccount> {
  constructor(
    private readonly ledger: Ledger,
    private readonly store: EventStore,
    private readonly names: Names,
    private readonly personalKeys: PersonalKeys,
  ) {}

  async execute({
    by,
  }: ReadAccount): Promise<{ accountId: string; account: AccountState; email?: string } | undefined> {
    const accountId = 'id' in by ? by.id : await this.names.holder(this.names.hash(by.email));
    if (accountId === undefined) return undefined;
    const stream = streams.account(accountId);
    const { state: account } = await this.ledger.accounts.fetch(stream);
    if (account === undefined) return undefined;
    // Another process may still hold the key of an account that was erased in this one.
    const email = account.status === 'erased' ? undefined : await this.email(accountId, stream);
    return { accountId, account, ...(email === undefined ? {} : { email }) };
  }

  private async email(accountId: string, stream: string): Promise<string | undefined> {
    const [opened] = await this.store.read(stream, 0, 1);
    if (opened?.personal === undefined) return undefined;
    const clear = await this.personalKeys.open(accountId, { stream, eventId: opened.id }, opened.personal);
    return clear?.['email'] as string | undefined;
  }
}

/** RFC 9110 section 11.4: the scheme in any case, one token. */
function readAuthorization(header: string | undefined): ['DPoP' | 'Bearer', string | undefined] {
  const [, scheme = '', token] = /^(DPoP|Bearer) +([A-Za-z0-9._~+/=-]+)$/i.exec(header ?? '') ?? [];
  return [scheme.toLowerCase() === 'bearer' ? 'Bearer' : 'DPoP', token];
}

function failure(
  scheme: 'DPoP' | 'Bearer',
  error: AccessFailure['error'],
  description: string,
): AccessFailure {
  return { kind: 'failure', error, description, scheme };
}
