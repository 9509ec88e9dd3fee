// Lets only the holder of this run's credential in.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ProblemError } from '@sallyport/feature-ledger';
import type { FastifyRequest } from 'fastify';

/** The credential of this run, and the name under which it is provided. */
export class AdminCredential {
  private readonly digest: Buffer;

  constructor(credential: string) {
    this.digest = sha256(credential);
  }

  /** Takes the same time for every text. */
  fits(presented: string): boolean {
    return timingSafeEqual(this.digest, sha256(presented));
  }
}

@Injectable()
export class AdminGuard implements CanActivate {
  constructor(private readonly credential: AdminCredential) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const [, presented] = /^Bearer ([\x21-\x7e]+)$/.exec(authorization) ?? [];
    if (presented !== undefined && this.credential.fits(presented)) return true;
    throw new ProblemError({
      status: 401,
      code: 'unauthorized',
      title: 'The admin listener needs its credential',
      detail: 'It stands in admin.json in the data directory, or in the file that the service was told of.',
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
