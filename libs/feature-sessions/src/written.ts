// What the answers to writes share: where the write stands, and which ids can be anybody's at all.
import type { Written } from '@sallyport/feature-ledger';
import type { FastifyReply } from 'fastify';

/** `Sallyport-Position`: a view query with `after` set to it shows the write. */
export function written(reply: FastifyReply, { position }: Written): void {
  void reply.header('sallyport-position', position);
}

/** Whether the text has the form of an id; anything else is unknown without a look at the store. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
