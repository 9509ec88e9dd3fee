// Single requests to the token and revocation endpoints, right and wrong ones, each with what came back.
import { randomUUID } from 'node:crypto';
import type * as oauth from 'oauth4webapi';
import { newId, signProof, tokenHash, type DeviceKey, type ProofClaims } from './device-key.js';
import { Network, type Answer } from './network.js';
import type { CodeInHand } from './service.js';

type Values = Readonly<Record<string, string | undefined>>;

/** How to send a request; by default without a proof. */
export interface How {
  /** Signs the proof. */
  readonly key?: DeviceKey;
  /** Claims in place of, or beside, the right ones; undefined ones are left out. */
  readonly claims?: ProofClaims;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly attempt?: string;
  /** This proof exactly, whatever is said above. */
  readonly proof?: string;
  /** Parameters in place of, or beside, the right ones; undefined ones are left out. */
  readonly form?: Values;
}

export class TokenCaller {
  constructor(
    readonly as: oauth.AuthorizationServer,
    readonly clientId: string,
    readonly network = new Network(),
  ) {}

  get tokenEndpoint(): string {
    return this.as.token_endpoint ?? '';
  }

  /** RFC 6749 section 6. The proof names the token in `ath`. */
  refresh(refreshToken: string, how: How = {}): Promise<Answer> {
    const form = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: this.clientId,
      ...how.form,
    };
    return this.post(this.tokenEndpoint, form, {
      ...how,
      claims: { ath: tokenHash(refreshToken), ...how.claims },
    });
  }

  /** RFC 6749 section 4.1.3. */
  exchange(code: CodeInHand, how: How = {}): Promise<Answer> {
    const form = {
      grant_type: 'authorization_code',
      code: code.code,
      code_verifier: code.codeVerifier,
      redirect_uri: code.redirectUri,
      client_id: this.clientId,
      ...how.form,
    };
    return this.post(this.tokenEndpoint, form, how);
  }

  /** RFC 7009. */
  revoke(token: string, how: How = {}): Promise<Answer> {
    return this.post(
      this.as.revocation_endpoint ?? '',
      { token, client_id: this.clientId, ...how.form },
      how,
    );
  }

  /** Sends a form; its proof, if any, carries the latest nonce heard. */
  async post(url: string, form: Values, how: How = {}): Promise<Answer> {
    const proof = how.proof ?? (how.key === undefined ? undefined : await this.proof(url, how.key, how));
    const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const headers = { accept: 'application/json', ...(proof === undefined ? {} : { dpop: proof }) };
    return this.network.send(url, { method: 'POST', headers, body: new URLSearchParams(sent) });
  }

  /** A proof for a POST to the URL. */
  async proof(
    url: string,
    key: DeviceKey,
    how: Pick<How, 'claims' | 'header' | 'attempt'> = {},
  ): Promise<string> {
    const nonce = this.network.nonce ?? (await this.freshNonce());
    const claims = { jti: newId(), htm: 'POST', htu: url, nonce, attempt: how.attempt, ...how.claims };
    return signProof(key, claims, how.header);
  }

  /** A nonce of now: every answer of the token endpoint carries one. */
  async freshNonce(): Promise<string> {
    const body = new URLSearchParams({ grant_type: `urn:uuid:${randomUUID()}` });
    await this.network.send(this.tokenEndpoint, { method: 'POST', body });
    return this.network.nonce ?? '';
  }
}
