// Collects what a bounded read of the driver answers, and ends the call when nobody waits for it any more.
import { ErrorType, type ResolvedEvent, type StreamingRead } from '@eventstore/db-client';
import { typeOf } from './errors.js';

/**
 * All events of a read that names its `maxCount`; none for a stream that is not there. A reader that stops
 * early would leave the call open at the server, so it is read to its end, or cancelled by the signal.
 */
export function collect<E extends ResolvedEvent>(read: StreamingRead<E>, signal: AbortSignal): Promise<E[]> {
  return new Promise((resolve, reject) => {
    const events: E[] = [];
    const cancel = () => {
      read.cancel().catch(() => undefined);
    };
    const settle = (outcome: () => void) => {
      signal.removeEventListener('abort', cancel);
      outcome();
    };
    signal.addEventListener('abort', cancel, { once: true });
    read.on('data', (event: E) => events.push(event));
    read.once('end', () => settle(() => resolve(events)));
    // Stays for good: an error that nobody listens to ends the process.
    read.on('error', (error: unknown) => {
      const isAbsent = typeOf(error) === ErrorType.STREAM_NOT_FOUND;
      settle(() => (isAbsent ? resolve([]) : reject(error)));
    });
  });
}
