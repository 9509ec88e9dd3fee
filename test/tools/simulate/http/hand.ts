// An app in somebody's hands, its owner's or a thief's: what it holds, and the requests it makes with it.
import type * as oauth from 'oauth4webapi';
import {
  demoBearer,
  demoPhone,
  Network,
  newId,
  obtainCode,
  signProof,
  SignInRefused,
  TokenCaller,
  tokenHash,
} from '../../client/index.js';
import type { Answer, DeviceKey, Person } from '../../client/index.js';
import { idsOf } from '../../drill/stage.js';

interface Held {
  readonly refreshToken: string;
  readonly accessToken: string;
  /** One for each token, so that the service tells a retry from a thief's use. */
  readonly attempt: string;
}

/** `out`: the tokens are worth nothing any more; `unsure`: no verdict, keep them. */
export type Outcome = 'tokens' | 'out' | 'unsure';

/** After a challenge, and once more where the clock was moved meanwhile. */
const maxTries = 4;

export class Hand {
  /** The thief's, or one that he shares. */
  isThiefs = false;
  held: Held | undefined;
  private readonly caller: TokenCaller;

  constructor(
    private readonly as: oauth.AuthorizationServer,
    /** Absent: an app without a device key. */
    private readonly key?: DeviceKey,
  ) {
    this.caller = new TokenCaller(as, this.registration.clientId, new Network());
  }

  get isBound(): boolean {
    return this.key !== undefined;
  }

  /** Where its latest write stands. */
  get position(): string | undefined {
    return this.caller.network.position;
  }

  get sessionId(): string | undefined {
    return this.held === undefined ? undefined : idsOf(this.held).sid;
  }

  /** Takes a copy of what the other holds; keys are shared. */
  take({ held }: Hand): void {
    this.held = held === undefined ? undefined : { ...held, attempt: newId() };
  }

  async signIn(person: Person, address: string): Promise<Outcome> {
    this.held = undefined;
    const dpopJkt = this.key?.thumbprint;
    const from = { person: { ...person, address }, dpopJkt };
    try {
      const code = await obtainCode(this.as, this.registration, from);
      return this.keep(await this.answered(address, () => this.caller.exchange(code, { key: this.key })));
    } catch (error) {
      if (error instanceof SignInRefused) return 'out';
      throw error;
    }
  }

  /** `lost`: the answer does not reach the app. */
  async refresh(address: string, lost: boolean): Promise<Outcome> {
    const { held, key } = this;
    if (held === undefined) return 'out';
    const how = key === undefined ? {} : { key, attempt: held.attempt };
    const answer = await this.answered(address, () => this.caller.refresh(held.refreshToken, how));
    if (lost && answer.status === 200) return 'tokens';
    return this.keep(answer, held.refreshToken);
  }

  async signOut(address: string): Promise<void> {
    const { held, key } = this;
    if (held === undefined) return;
    await this.answered(address, () => this.caller.revoke(held.refreshToken, { key }));
    this.held = undefined;
  }

  /** False where the service does not take it: not bound to a key, not fresh, out of bounds. */
  async announce(address: string, notice: object): Promise<boolean> {
    const { held, key } = this;
    if (held === undefined || key === undefined) return false;
    const url = new URL('/v1/travel-notices', this.as.issuer).href;
    const { status } = await this.answered(address, async () => {
      const nonce = await this.caller.freshNonce();
      const claims = { htm: 'POST', htu: url, nonce, ath: tokenHash(held.accessToken) };
      const headers = {
        authorization: `DPoP ${held.accessToken}`,
        dpop: await signProof(key, claims),
        'content-type': 'application/json',
      };
      return this.caller.network.send(url, { method: 'POST', headers, body: JSON.stringify(notice) });
    });
    return status === 201;
  }

  private get registration(): typeof demoPhone {
    return this.key === undefined ? demoBearer : demoPhone;
  }

  /** Through challenges: the clock moves on by hours, and nonces grow old. */
  private async answered(address: string, send: () => Promise<Answer>): Promise<Answer> {
    this.caller.network.address = address;
    for (let tries = 1; ; tries += 1) {
      const answer = await send();
      const { body, status } = answer;
      const isChallenge = body['error'] === 'use_dpop_nonce' || body['error'] === 'invalid_dpop_proof';
      if ((!isChallenge && status !== 503) || tries === maxTries) return answer;
    }
  }

  private keep({ status, body }: Answer, sent?: string): Outcome {
    if (status === 200) {
      const [refreshToken, accessToken] = [String(body['refresh_token']), String(body['access_token'])];
      const isSame = refreshToken === sent;
      this.held = { refreshToken, accessToken, attempt: isSame ? (this.held?.attempt ?? '') : newId() };
      return 'tokens';
    }
    if (body['error'] !== 'invalid_grant') return 'unsure';
    this.held = undefined;
    return 'out';
  }
}
