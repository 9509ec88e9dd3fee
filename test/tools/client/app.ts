// An app that keeps the client rules of design section 6, on a standard OAuth library.
import * as oauth from 'oauth4webapi';
import type { DeviceKey } from './device-key.js';
import { tokenHash } from './device-key.js';
import { Network, readAnswer, type Answer } from './network.js';
import { obtainCode, type CodeInHand, type Person, type Registration } from './service.js';
import { TokenStore, type HeldTokens } from './token-store.js';

/** The person has to sign in again: the tokens are gone. `reason` as the service said, where it did. */
export class SignedOut extends Error {
  constructor(readonly reason: string | undefined) {
    super(`signed out: ${reason ?? 'invalid_grant'}`);
    this.name = 'SignedOut';
  }
}

export interface AppOptions {
  readonly as: oauth.AuthorizationServer;
  readonly registration: Registration;
  /** Absent: a bearer app. */
  readonly key?: DeviceKey;
  readonly attempts?: boolean;
}

const maxTries = 20;
const retryAfterMs = 200;

export class App {
  readonly network = new Network();
  readonly store: TokenStore;
  private readonly client: oauth.Client;

  constructor(readonly options: AppOptions) {
    this.store = new TokenStore(options.attempts ?? true);
    this.client = { client_id: options.registration.clientId };
  }

  get tokens(): HeldTokens {
    const held = this.store.read();
    if (held === undefined) throw new SignedOut('not signed in');
    return held;
  }

  /** Rejects with `SignInRefused`, or with `oauth.ResponseBodyError` when the code is refused. */
  async signIn(person: Person): Promise<HeldTokens> {
    await this.exchange(await this.obtainCode(person));
    return this.tokens;
  }

  /** The first half of a sign-in: a code bound to the app's key. */
  obtainCode(person: Person): Promise<CodeInHand> {
    const { as, registration, key } = this.options;
    return obtainCode(as, registration, { person, dpopJkt: key?.thumbprint });
  }

  /** The second half. */
  async exchange({ callback, redirectUri, codeVerifier }: CodeInHand): Promise<void> {
    const { as } = this.options;
    const tokens = await this.untilAnswered(async () => {
      const answer = await oauth.authorizationCodeGrantRequest(
        as,
        this.client,
        oauth.None(),
        callback,
        redirectUri,
        codeVerifier,
        this.requestOptions({}),
      );
      return oauth.processAuthorizationCodeResponse(as, this.client, answer);
    });
    this.store.begin({ accessToken: tokens.access_token, refreshToken: tokens.refresh_token ?? '' });
  }

  /**
   * Refreshes once, through challenges and refusals that are no verdict. Rejects with `SignedOut` when the
   * person must sign in again, and with `AnswerLost` when no answer came: then the tokens are kept, and
   * calling again is right.
   */
  async refresh(): Promise<HeldTokens> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const sent = this.tokens;
      try {
        const granted = await this.sendRefresh();
        this.store.replace(sent.refreshToken, heldOf(granted, sent));
        return this.tokens;
      } catch (error) {
        if (isNoVerdict(error)) await pauseIfBusy(error);
        else if (!isError(error, 'invalid_grant')) throw error;
        else await this.refused(sent, error.cause['reason'] as string | undefined);
      }
    }
    throw new Error(`no verdict in ${maxTries} tries`);
  }

  /** Resolves when refreshing again, with what is stored now, is right; else the tokens are deleted. */
  private async refused(sent: HeldTokens, reason: string | undefined): Promise<void> {
    const isOvertaken = this.store.read()?.refreshToken !== sent.refreshToken;
    if (reason === 'stale_token') {
      if (isOvertaken) return;
      // Stored is what was sent: somebody else rotates this session, and only ending it takes it from them.
      await this.revoke();
    }
    this.store.remove(sent.refreshToken);
    throw new SignedOut(reason);
  }

  /** Signs out at the service (RFC 7009). */
  async revoke(): Promise<void> {
    const { as } = this.options;
    const options = this.requestOptions({});
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, this.client, oauth.None(), this.tokens.refreshToken, options),
    );
  }

  /** A call to a protected resource with the app's access token (RFC 9449 section 7, RFC 6750). */
  async call(method: string, path: string, body?: Readonly<Record<string, unknown>>): Promise<Answer> {
    const url = new URL(path, this.options.as.issuer);
    const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
    const text = body === undefined ? undefined : JSON.stringify(body);
    const send = (): Promise<Response> => {
      const options = this.requestOptions({}) as oauth.ProtectedResourceRequestOptions;
      return oauth.protectedResourceRequest(this.tokens.accessToken, method, url, headers, text, options);
    };
    try {
      return await readAnswer(await this.untilAnswered(send));
    } catch (error) {
      if (error instanceof oauth.WWWAuthenticateChallengeError) return readAnswer(error.response);
      throw error;
    }
  }

  private async sendRefresh(): Promise<Granted> {
    const { as } = this.options;
    const { refreshToken, attempt } = this.tokens;
    const claims = { ath: tokenHash(refreshToken), ...(attempt === undefined ? {} : { attempt }) };
    const options = this.requestOptions(claims);
    const answer = await oauth.refreshTokenGrantRequest(as, this.client, oauth.None(), refreshToken, options);
    return oauth.processRefreshTokenResponse(as, this.client, answer);
  }

  /** Sends again, with a new proof, what was answered without a verdict. */
  private async untilAnswered<T>(send: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await send();
      } catch (error) {
        if (!isNoVerdict(error) || tries === maxTries) throw error;
        await pauseIfBusy(error);
      }
    }
  }

  /** One proof handle per request, so that requests in parallel never sign each other's claims. */
  private requestOptions(claims: Readonly<Record<string, string>>): oauth.TokenEndpointRequestOptions {
    const { key } = this.options;
    const common = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: this.network.fetch } as const;
    if (key === undefined) return common;
    const modify: oauth.ModifyAssertionFunction = (_header, payload) => {
      const { nonce } = this.network;
      Object.assign(payload, claims, nonce === undefined ? {} : { nonce });
    };
    return { ...common, DPoP: oauth.DPoP(this.client, key.pair, { [oauth.modifyAssertion]: modify }) };
  }
}

type Granted = Pick<oauth.TokenEndpointResponse, 'access_token' | 'refresh_token'>;

function heldOf(granted: Granted, { refreshToken }: HeldTokens): Omit<HeldTokens, 'attempt'> {
  return { accessToken: granted.access_token, refreshToken: granted.refresh_token ?? refreshToken };
}

function isNoVerdict(error: unknown): boolean {
  return oauth.isDPoPNonceError(error) || isError(error, 'invalid_dpop_proof') || isBusy(error);
}

/** The library reads the body of a 4xx only; anything else is to it an answer that does not conform. */
function isBusy(error: unknown): boolean {
  return (
    error instanceof oauth.OperationProcessingError && (error.cause as Response | undefined)?.status === 503
  );
}

async function pauseIfBusy(error: unknown): Promise<void> {
  if (isBusy(error)) await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
}

function isError(error: unknown, code: string): error is oauth.ResponseBodyError {
  return error instanceof oauth.ResponseBodyError && error.error === code;
}
