// The network between app and service: hears nonces, loses answers, records requests for who copies them.

/** What `fetch` takes, as far as the clients here use it. */
export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null;
}

/** A request as it went over the wire. */
export interface Recorded {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** An answer with its body read. `body` is empty unless it is a JSON object. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The answer did not arrive: whether the request had an effect is not known. */
export class AnswerLost extends Error {
  constructor(readonly request: Recorded) {
    super(`no answer to ${request.method} ${request.url}`);
    this.name = 'AnswerLost';
  }
}

const timeoutMs = 30_000;

export class Network {
  /** The latest `DPoP-Nonce` heard. */
  nonce: string | undefined;
  /** Where the latest write stands (`Sallyport-Position`): what a view has to have reached to show it. */
  position: string | undefined;
  /** The POSTs sent so far, oldest first. */
  readonly posts: Recorded[] = [];
  /** Answers that were lost on the way: the app never saw them. */
  readonly lost: Answer[] = [];
  private losing = 0;

  /**
   * `address`: where requests are to come from, told as a proxy does (`X-Forwarded-For`); it counts at a
   * service whose SALLYPORT_TRUSTED_PROXIES has this machine.
   */
  constructor(public address?: string) {}

  /** Loses the answers of the next requests that get one other than a challenge. */
  loseAnswers(count = 1): void {
    this.losing = count;
  }

  /** `fetch` without redirects followed; to be given to a client library. */
  readonly fetch = async (url: string, sent: Sent = {}): Promise<Response> => {
    const request = recorded(url, { ...sent, headers: { ...forwarded(this.address), ...sent.headers } });
    if (request.method === 'POST') this.posts.push(request);
    const response = await transmit(request, sent.signal);
    this.nonce = response.headers.get('dpop-nonce') ?? this.nonce;
    this.position = response.headers.get('sallyport-position') ?? this.position;
    if (this.losing === 0 || request.method !== 'POST') return response;
    const answer = await readAnswer(response.clone());
    if (answer.body['error'] === 'use_dpop_nonce') return response;
    this.losing -= 1;
    this.lost.push(answer);
    throw new AnswerLost(request);
  };

  /** Sends a request and reads the whole answer. */
  async send(url: string, sent: Sent = {}): Promise<Answer> {
    return readAnswer(await this.fetch(url, sent));
  }
}

/** The header by which a proxy tells where a request came from. */
export function forwarded(address: string | undefined): Record<string, string> {
  return address === undefined ? {} : { 'x-forwarded-for': address };
}

/** Sends a recorded request again, byte for byte, as a copier or a duplicating network does. */
export async function replay(request: Recorded): Promise<Answer> {
  return readAnswer(await transmit(request));
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  const body: unknown = isJson ? JSON.parse(text) : {};
  const object = typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
  return { status: response.status, headers: response.headers, text, body: object };
}

function transmit({ url, method, headers, body }: Recorded, signal?: AbortSignal | null): Promise<Response> {
  const within = signal ?? AbortSignal.timeout(timeoutMs);
  return fetch(url, { method, headers, body, signal: within, redirect: 'manual' });
}

function recorded(url: string, { method = 'GET', headers = {}, body }: Sent): Recorded {
  const isForm = body instanceof URLSearchParams;
  const type: Record<string, string> = isForm
    ? { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' }
    : {};
  return {
    url,
    method,
    headers: { ...type, ...headers },
    body: body === undefined || body === null ? undefined : String(body),
  };
}
