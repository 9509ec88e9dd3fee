// Form tokens: what a form goes on with, sealed and bound to the browser that it was shown in (login CSRF).
import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, Ids } from '@sallyport/engine';
import type { JsonObject } from '@sallyport/engine';
import { ServiceSettings } from '@sallyport/feature-ledger';
import { KeyRing, retryUnknownKey, Sealer, unlessTokenError } from '@sallyport/tokens';
import type { FastifyReply, FastifyRequest } from 'fastify';

export type FormPurpose = 'sign-in-form' | 'sign-up-form';

/**
 * - `open`: shown by us, to this browser, for this purpose, not long ago.
 * - `expired`: too old, or not made here. - `otherBrowser`: the cookie is missing or another one.
 */
export type OpenedForm =
  | { readonly kind: 'open'; readonly payload: JsonObject }
  | { readonly kind: 'expired' }
  | { readonly kind: 'otherBrowser' };

const lifeSeconds = 600;
const cookieBytes = 32;
const maxTokenLength = 8_192;
const hostCookie = '__Host-sallyport-form';
const plainCookie = 'sallyport-form';

@Injectable()
export class Forms {
  private readonly sealer: Sealer;

  constructor(
    private readonly ring: KeyRing,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly settings: ServiceSettings,
  ) {
    this.sealer = new Sealer(ring, ids);
  }

  /** A token for the hidden field `form`. A browser keeps its cookie, so that forms in several tabs work. */
  protect(
    { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    purpose: FormPurpose,
    payload: JsonObject,
  ): string {
    const value = this.cookieOf(request) ?? Buffer.from(this.ids.bytes(cookieBytes)).toString('base64url');
    reply.header('set-cookie', this.setCookies(value));
    const life = { now: this.clock.now(), ttlMs: lifeSeconds * 1000 };
    return this.sealer.seal(purpose, { payload, browser: hashOf(value) }, life);
  }

  /** Judges the token of a form that was sent. Rejects as the store did when keys cannot be read. */
  async open(request: FastifyRequest, purpose: FormPurpose, token: unknown): Promise<OpenedForm> {
    if (typeof token !== 'string' || token.length > maxTokenLength) return { kind: 'expired' };
    const sealed = await this.unseal(purpose, token);
    if (sealed === undefined) return { kind: 'expired' };
    const value = this.cookieOf(request);
    const bound = value !== undefined && sameText(hashOf(value), sealed.browser);
    return bound ? { kind: 'open', payload: sealed.payload } : { kind: 'otherBrowser' };
  }

  private async unseal(purpose: FormPurpose, token: string): Promise<SealedForm | undefined> {
    const unseal = (): JsonObject => this.sealer.unseal(purpose, token, this.clock.now());
    const form = await unlessTokenError(() => retryUnknownKey(this.ring, unseal));
    return form as unknown as SealedForm | undefined;
  }

  /**
   * `__Host-` cookies are Secure, and Safari takes none over plain http, loopback or not: there the value
   * also comes in a cookie without the prefix.
   */
  private setCookies(value: string): string[] {
    const rest = `${value}; Path=/; Max-Age=${lifeSeconds}; HttpOnly; SameSite=Lax`;
    const secure = `${hostCookie}=${rest}; Secure`;
    return this.plainAllowed() ? [secure, `${plainCookie}=${rest}`] : [secure];
  }

  private cookieOf(request: FastifyRequest): string | undefined {
    const header = request.headers.cookie ?? '';
    const value = readCookie(header, hostCookie);
    return value === undefined && this.plainAllowed() ? readCookie(header, plainCookie) : value;
  }

  private plainAllowed(): boolean {
    return this.settings.development && this.settings.issuer.startsWith('http:');
  }
}

interface SealedForm {
  readonly payload: JsonObject;
  readonly browser: string;
}

/** A cookie of ours, or undefined when it is missing or has another shape (RFC 6265 section 4.2.1). */
function readCookie(header: string, name: string): string | undefined {
  const pair = header.split('; ').find((one) => one.startsWith(`${name}=`));
  const value = pair?.slice(name.length + 1);
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

function hashOf(cookie: string): string {
  return createHash('sha256').update(cookie).digest('base64url');
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
