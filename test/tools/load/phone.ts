// A phone under load: rotates its session in a closed loop, and can ask again as after a lost answer.
import { newId, type Answer, type DeviceKey, type TokenCaller } from '../client/index.js';

/** A token as a phone stores it, with the one attempt it is sent with (design section 6, client rules). */
export interface HeldToken {
  readonly token: string;
  readonly attempt: string;
}

/** What came of one use of a token. `lost`: no whole answer came, so what it did is not known. */
export type Outcome =
  | { readonly kind: 'tokens'; readonly token: string; readonly position: string | undefined }
  | { readonly kind: 'refused'; readonly error: string; readonly reason: string | undefined }
  | { readonly kind: 'lost' };

/** Told of every answer that brought a token. */
export type OnAnswer = (sent: HeldToken, received: string, position: string | undefined) => void;

/** How a phone bears with a service that has no answer for it. */
export interface Manners {
  /** So long it asks again after refusals that are no verdict; 50 tries where absent. */
  readonly patienceMs?: number;
  /** Between an answer and the next refresh; none by default. */
  readonly restMs?: number;
  /** Told of each refusal that is no verdict but a challenge. */
  readonly putOff?: (answer: Answer) => void;
}

const maxTries = 50;
const busyPauseMs = 20;

export class LoadPhone {
  /** The token before the held one, for who lost the answer that brought the held one. */
  previous: HeldToken | undefined;
  manners: Manners = {};

  constructor(
    readonly caller: TokenCaller,
    readonly key: DeviceKey | undefined,
    public held: HeldToken,
  ) {}

  /** Refreshes in a closed loop; resolves with the first outcome that brought no token. */
  async runUntilStopped(answered: OnAnswer, isStopped: () => boolean): Promise<Outcome | undefined> {
    while (!isStopped()) {
      const outcome = await this.refresh(answered);
      if (outcome.kind !== 'tokens') return outcome;
      if (this.manners.restMs !== undefined) await pause(this.manners.restMs);
    }
    return undefined;
  }

  /** Uses the held token and keeps what it brings. */
  async refresh(answered: OnAnswer): Promise<Outcome> {
    const sent = this.held;
    const outcome = await this.use(sent);
    if (outcome.kind !== 'tokens') return outcome;
    answered(sent, outcome.token, outcome.position);
    this.previous = sent;
    this.held = { token: outcome.token, attempt: newId() };
    return outcome;
  }

  /** Sends a token through challenges and refusals that are no verdict, a new proof each time. */
  async use({ token, attempt }: HeldToken): Promise<Outcome> {
    const { patienceMs, putOff } = this.manners;
    const deadline = performance.now() + (patienceMs ?? 0);
    const isPatient = (tries: number): boolean => {
      return patienceMs === undefined ? tries < maxTries : performance.now() < deadline;
    };
    let tries = 0;
    for (; isPatient(tries); tries += 1) {
      const answer = await this.send(token, attempt);
      if (answer === undefined) return { kind: 'lost' };
      const { status, body } = answer;
      if (status === 200) return granted(answer);
      const error = String(body['error']);
      if (status === 503) {
        putOff?.(answer);
        await pause(busyPauseMs);
      } else if (error !== 'use_dpop_nonce' && error !== 'invalid_dpop_proof') {
        return { kind: 'refused', error, reason: body['reason'] as string | undefined };
      }
    }
    return { kind: 'refused', error: `no verdict in ${tries} tries`, reason: undefined };
  }

  private async send(token: string, attempt: string): Promise<Answer | undefined> {
    // Only the last request is of interest here, and a long load would pile them up.
    this.caller.network.posts.length = 0;
    const how = this.key === undefined ? {} : { key: this.key, attempt };
    return this.caller.refresh(token, how).catch((error: unknown) => {
      if (isLost(error)) return undefined;
      throw error;
    });
  }
}

/** What `fetch` throws for connections that break, at their start or within an answer; by name, see `vm`. */
function isLost(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === 'TimeoutError' || (name === 'TypeError' && /^(fetch failed|terminated)$/.test(message));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function granted({ body, headers }: Answer): Outcome {
  const position = headers.get('sallyport-position') ?? undefined;
  return { kind: 'tokens', token: String(body['refresh_token']), position };
}
