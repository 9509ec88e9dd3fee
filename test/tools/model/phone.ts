// An honest client app: one token store, read again before every signing, changed by the rules.
import type { OAuthFailure, TokenAnswer } from '@sallyport/feature-ledger';
import { newId, type ProofSigner } from '../client/index.js';

export type Answer = TokenAnswer | OAuthFailure;

/** A refresh as it left a client; it may arrive never, late, or more than once. */
export interface WireRequest {
  readonly phone: Phone;
  readonly clientId: string;
  readonly token: string;
  readonly proof: string | undefined;
  /** What the service answered the first time, once it did. */
  first?: Answer['kind'];
}

export interface WireAnswer {
  readonly request: WireRequest;
  readonly answer: Answer;
  readonly nonce: string;
}

export class Phone {
  /** The store: the token and the attempt that goes with it. Undefined: signed out. */
  stored: { readonly token: string; readonly attempt: string | undefined } | undefined;
  /** Somebody else has had the key: sign-outs are no longer the service's fault. */
  compromised = false;
  /** Why the app deleted its token, if it did. */
  signedOutFor: string | undefined;
  private nonce: string;

  constructor(
    readonly of: { readonly accountId: string; readonly sessionId: string; readonly usesAttempts: boolean },
    readonly key: ProofSigner | undefined,
    signIn: { readonly token: string; readonly nonce: string },
  ) {
    this.nonce = signIn.nonce;
    this.store(signIn.token);
  }

  get clientId(): string {
    return this.key === undefined ? 'demo-bearer' : 'demo-phone';
  }

  /** A request with the stored token and a new proof; undefined when signed out. */
  request(): WireRequest | undefined {
    if (this.stored === undefined) return undefined;
    const { token, attempt } = this.stored;
    const proof = this.key?.proof({
      nonce: this.nonce,
      attempt,
      token: this.of.usesAttempts ? token : undefined,
    });
    return { phone: this, clientId: this.clientId, token, proof };
  }

  /** The rule for client apps: an answer changes the store only if the stored token is the one sent. */
  receive({ request, answer, nonce }: WireAnswer): void {
    this.nonce = nonce;
    if (this.stored?.token !== request.token) return;
    if (answer.kind === 'tokens') return this.store(answer.refreshToken as string);
    if (answer.error !== 'invalid_grant') return;
    this.stored = undefined;
    this.signedOutFor = answer.reason ?? 'no reason given';
  }

  private store(token: string): void {
    this.stored = { token, attempt: this.of.usesAttempts ? newId() : undefined };
  }
}
