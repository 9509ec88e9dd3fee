// A clock that stands still until a spec moves it, and ids that are random as in the service.
import { randomBytes, randomUUID } from 'node:crypto';
import { Clock, Ids } from '@sallyport/engine';

export const noon = Date.parse('2026-11-22T12:00:00.000Z');

export class MovableClock extends Clock {
  /** Milliseconds since the epoch. */
  time = noon;

  now(): number {
    return this.time;
  }
}

export class RandomIds extends Ids {
  id(): string {
    return randomBytes(16).toString('base64url');
  }

  uuid(): string {
    return randomUUID();
  }

  bytes(length: number): Uint8Array {
    return randomBytes(length);
  }
}
