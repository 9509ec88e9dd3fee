// Requests as apps, browsers and mistaken clients send them through a proxy, and all that was answered.
import { connect } from 'node:net';
import { passwordForm } from '../tools/client/index.js';

type Form = NonNullable<ReturnType<typeof passwordForm>>;

export interface Answered {
  readonly what: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
}

/** One sender: an address, a user agent, cookies; hears nonces. */
export class Wire {
  readonly answers: Answered[] = [];
  readonly cookies = new Map<string, string>();
  nonce: string | undefined;

  constructor(
    readonly origin: string,
    private readonly from: { readonly address: string; readonly userAgent: string },
  ) {}

  async send(path: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Answered> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const own = {
      'user-agent': this.from.userAgent,
      'x-forwarded-for': this.from.address,
      ...(cookie === '' ? {} : { cookie }),
    };
    const url = new URL(path, this.origin);
    const sent = { method, headers: { ...own, ...headers }, body, redirect: 'manual' as const };
    const response = await fetch(url, sent);
    this.nonce = response.headers.get('dpop-nonce') ?? this.nonce;
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    const { status } = response;
    const answer = {
      what: `${method} ${url.pathname}`,
      status,
      headers: response.headers,
      text: await response.text(),
    };
    this.answers.push(answer);
    return answer;
  }

  form(
    path: string,
    values: Readonly<Record<string, string>>,
    headers: Sent['headers'] = {},
  ): Promise<Answered> {
    return this.send(path, { method: 'POST', headers, body: new URLSearchParams(values) });
  }

  json(path: string, body: unknown, headers: Sent['headers'] = {}): Promise<Answered> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: text,
    });
  }

  /** Opens a page and sends its form with the values filled in. */
  async submit(path: string, values: Readonly<Record<string, string>>): Promise<Answered> {
    const form = await this.open(path);
    return this.form(form.action, { ...form.values, ...values }, { origin: this.origin });
  }

  /** The form of a page that asks for a password. */
  async open(path: string): Promise<Form> {
    const { text, status } = await this.send(path);
    const form = passwordForm(text, new URL(path, this.origin).href);
    if (form === undefined) throw new Error(`no form at the page, status ${status}`);
    return form;
  }

  /** Bytes that are no HTTP, or none that can be read. */
  async raw(text: string): Promise<void> {
    const { hostname, port } = new URL(this.origin);
    const answered = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let heard = '';
      socket.setEncoding('utf8').on('data', (part: string) => {
        heard += part;
        socket.end();
      });
      socket.on('close', () => resolve(heard)).on('error', reject);
    });
    this.answers.push({ what: 'raw', status: 400, headers: new Headers(), text: answered });
  }
}
