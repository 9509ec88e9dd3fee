// How a hosted page is sent: not stored, not framed, no referrer, nothing loaded, its form to one place only.
import type { FastifyReply } from 'fastify';
import { styleSource } from './style.js';

export interface PageOptions {
  readonly status?: number;
  /** A source besides this origin that the page's form may end at, see `formActionSource`. */
  readonly formAction?: string;
}

/** Sends a whole document. */
export function sendPage(reply: FastifyReply, document: string, options: PageOptions = {}): void {
  privateAnswer(reply)
    .code(options.status ?? 200)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policy(options.formAction))
    .header('x-content-type-options', 'nosniff')
    .header('x-frame-options', 'DENY')
    .send(document);
}

/** 303, so that the POST is not repeated at the redirect URI (RFC 9700 section 4.12). */
export function redirect(reply: FastifyReply, location: string): void {
  privateAnswer(reply).code(303).header('location', location).send();
}

function privateAnswer(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
}

function policy(formAction: string | undefined): string {
  return [
    "default-src 'none'",
    `style-src ${styleSource}`,
    `form-action 'self'${formAction === undefined ? '' : ` ${formAction}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}
