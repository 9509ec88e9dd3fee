// Makes the token answer of a session: an access token from its current state, never beyond its end.
import { Injectable } from '@nestjs/common';
import type { Client, SessionState } from '@sallyport/core-session';
import { Clock, Ids } from '@sallyport/engine';
import { KeyRing, mintAccessToken } from '@sallyport/tokens';
import { ServiceSettings } from './settings.js';
import type { TokenAnswer } from './session-commands.js';

/** What an answer is made of. */
export interface Issue {
  readonly sessionId: string;
  readonly session: SessionState;
  readonly client: Client;
  readonly scope: string;
  readonly refreshToken?: string;
  /** Key of the proof sent: it binds the access token of a bearer session too. */
  readonly proofThumbprint?: string;
  readonly position?: string;
}

@Injectable()
export class AccessTokens {
  constructor(
    private readonly ring: KeyRing,
    private readonly settings: ServiceSettings,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** RFC 9068 token of the session, with the rest of the answer. */
  async answer(issue: Issue): Promise<TokenAnswer> {
    const { session, client } = issue;
    const nowMs = this.clock.now();
    const iat = Math.floor(nowMs / 1000);
    const exp = Math.min(iat + client.accessTokenSeconds, Math.floor(Date.parse(session.expiresAt) / 1000));
    const jkt = session.jkt ?? issue.proofThumbprint;
    const claims = {
      iss: this.settings.issuer,
      sub: session.accountId,
      aud: this.settings.audience,
      client_id: session.clientId,
      iat,
      exp,
      jti: this.ids.id(),
      scope: issue.scope,
      sid: issue.sessionId,
      did: session.deviceId,
      cnf: jkt === undefined ? undefined : { jkt },
      acr: session.acr,
      amr: session.amr,
      auth_time: Math.floor(Date.parse(session.authTime) / 1000),
    };
    return {
      kind: 'tokens',
      accessToken: await mintAccessToken(claims, this.ring.current('signing')),
      tokenType: jkt === undefined ? 'Bearer' : 'DPoP',
      expiresIn: Math.max(1, exp - iat),
      scope: issue.scope,
      ...(issue.refreshToken === undefined ? {} : { refreshToken: issue.refreshToken }),
      ...(issue.position === undefined ? {} : { position: issue.position }),
    };
  }
}
