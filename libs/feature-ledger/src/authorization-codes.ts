// Authorization codes: sealed, so that nothing is stored, and short-lived (RFC 6749 section 4.1.2).
import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CodeGrant } from '@sallyport/core-session';
import { Clock, Ids } from '@sallyport/engine';
import type { JsonObject } from '@sallyport/engine';
import { KeyRing, retryUnknownKey, Sealer } from '@sallyport/tokens';
import type { Authentication } from './account-commands.js';

const purpose = 'authorization-code';
const lifeMs = 60_000;

/** What a code says besides the grant. */
export interface AuthorizationCode extends CodeGrant {
  readonly redirectUri: string;
  /** S256 challenge (RFC 7636): base64url of a SHA-256. */
  readonly codeChallenge: string;
  /** Thumbprint of the key the code is bound to (RFC 9449 section 10). */
  readonly dpopJkt?: string;
}

@Injectable()
export class AuthorizationCodes {
  private readonly sealer: Sealer;

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {
    this.sealer = new Sealer(ring, ids);
  }

  /** A code good for 60 seconds. It fixes the id of the session it will start, so it can start only one. */
  issue(
    input: { readonly authentication: Authentication; readonly dpopJkt?: string } & Pick<
      AuthorizationCode,
      'clientId' | 'scope' | 'redirectUri' | 'codeChallenge'
    >,
  ): string {
    const { authentication, ...request } = input;
    const code: AuthorizationCode = { ...request, ...authentication, sessionId: this.ids.id() };
    return this.sealer.seal(purpose, { ...code } as unknown as JsonObject, {
      now: this.clock.now(),
      ttlMs: lifeMs,
    });
  }

  /** What the code says. Rejects with the `sealed_*` codes of `TokenError`. */
  open(code: string): Promise<AuthorizationCode> {
    const open = (): JsonObject => this.sealer.unseal(purpose, code, this.clock.now());
    return retryUnknownKey(this.ring, open) as unknown as Promise<AuthorizationCode>;
  }
}

/** RFC 7636 section 4.6: whether the verifier is the one whose hash the code carries. */
export function verifierFits(codeVerifier: string, codeChallenge: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(codeVerifier)) return false;
  const hash = createHash('sha256').update(codeVerifier, 'ascii').digest();
  const expected = Buffer.from(codeChallenge, 'base64url');
  return expected.length === hash.length && timingSafeEqual(hash, expected);
}
