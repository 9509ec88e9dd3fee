// Signs a person in as a browser without scripts: opens the page, fills the form in, follows its redirect.
import { forwarded } from './network.js';

export interface SignIn {
  /** The authorization request, query included. */
  readonly url: string;
  /** Where the browser leaves the service; the redirect URI of the request. */
  readonly redirectUri: string;
  readonly username: string;
  readonly password: string;
  /** Where the browser is, see `Network`. */
  readonly address?: string;
}

/** The form was shown again, or a page with an error. */
export class SignInRefused extends Error {
  constructor(
    readonly status: number,
    readonly page: string,
  ) {
    super(`sign-in was refused with ${status}: ${visibleText(page).slice(0, 200)}`);
    this.name = 'SignInRefused';
  }
}

/** A form of a page, as far as submitting it needs. */
export interface Form {
  readonly action: string;
  readonly method: string;
  /** Hidden inputs and others that have a value already. */
  readonly values: Readonly<Record<string, string>>;
}

const maxRedirects = 5;
const redirects = [301, 302, 303, 307, 308];

/** Resolves with the URL the browser was sent to: the redirect URI with `code` or `error`. */
export async function signInByForm(signIn: SignIn): Promise<URL> {
  const browser = new Browser(signIn.redirectUri, signIn.address);
  const first = await browser.open(signIn.url);
  if (first instanceof URL) return first;
  const form = passwordForm(first.page, first.url);
  if (form === undefined) throw new SignInRefused(first.status, first.page);
  const { username, password } = signIn;
  const answer = await browser.submit(form, { ...form.values, username, password }, first.url);
  if (answer instanceof URL) return answer;
  throw new SignInRefused(answer.status, answer.page);
}

interface Shown {
  readonly url: string;
  readonly status: number;
  readonly page: string;
}

/** Cookies and redirects of one browser window. */
export class Browser {
  private readonly cookies = new Map<string, string>();

  constructor(
    private readonly redirectUri: string,
    private readonly address?: string,
  ) {}

  open(url: string): Promise<Shown | URL> {
    return this.follow(url, { method: 'GET' });
  }

  submit(form: Form, values: Readonly<Record<string, string>>, referrer: string): Promise<Shown | URL> {
    const headers = { origin: new URL(referrer).origin, referer: referrer };
    return this.follow(form.action, { method: 'POST', headers, body: new URLSearchParams(values) });
  }

  private async follow(url: string, request: RequestInit): Promise<Shown | URL> {
    let at = url;
    let next = request;
    for (let step = 0; step <= maxRedirects; step += 1) {
      const response = await fetch(at, { ...next, headers: this.headers(next), redirect: 'manual' });
      this.keep(response);
      const page = await response.text();
      const location = response.headers.get('location');
      if (!redirects.includes(response.status) || location === null)
        return { url: at, status: response.status, page };
      const target = new URL(location, at);
      if (target.href.startsWith(this.redirectUri)) return target;
      at = target.href;
      next = { method: 'GET' };
    }
    throw new Error(`more than ${maxRedirects} redirects from ${url}`);
  }

  private headers(request: RequestInit): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const own = (request.headers ?? {}) as Record<string, string>;
    return { accept: 'text/html', ...forwarded(this.address), ...own, ...(cookie === '' ? {} : { cookie }) };
  }

  private keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/;\s*max-age=0/i.test(line) || value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/** The form of the page that asks for a password, with its action made absolute. */
export function passwordForm(page: string, url: string): Form | undefined {
  for (const [, attributes = '', inside = ''] of page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)) {
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/gi)].map(([, text = '']) => attributesOf(text));
    if (!inputs.some((input) => input['name'] === 'password')) continue;
    const values = inputs.flatMap(({ name, value }) =>
      name === undefined || value === undefined ? [] : [[name, value]],
    );
    const { action = '', method = 'get' } = attributesOf(attributes);
    return {
      action: new URL(action, url).href,
      method,
      values: Object.fromEntries(values) as Record<string, string>,
    };
  }
  return undefined;
}

function attributesOf(text: string): Record<string, string | undefined> {
  const pairs = text.matchAll(/([a-z][a-z0-9-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi);
  return Object.fromEntries(
    [...pairs].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decoded(double ?? single ?? bare ?? ''),
    ]),
  );
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)))
    .replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)))
    .replace(/&([a-z]+);/gi, (whole, name: string) => named[name] ?? whole);
}

function visibleText(page: string): string {
  const body = page.replace(/<(head|style|script)\b[\s\S]*?<\/\1>/gi, '');
  return decoded(body.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim();
}
