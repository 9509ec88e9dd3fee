// A start that waits for stores that are away, and what is answered meanwhile.
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isEngineError } from '@sallyport/engine';

const [firstRetryMs, lastRetryMs] = [200, 3_000];

export interface Reaching {
  /** Ends the waiting: then the last error is what this rejects with. */
  readonly signal: AbortSignal;
  /** Told of each failure. */
  failed(error: Error, retryInMs: number): void;
}

/**
 * What `open` resolves with, tried until it does. A store that is away is waited for; whatever else is wrong
 * no wait would mend, and this rejects with it.
 */
export async function untilReached<T>(open: () => Promise<T>, { signal, failed }: Reaching): Promise<T> {
  for (let retryInMs = firstRetryMs; ; retryInMs = Math.min(retryInMs * 2, lastRetryMs)) {
    try {
      return await open();
    } catch (error) {
      if (!isEngineError(error) || error.code === 'store_damaged' || signal.aborted) throw error;
      failed(error, retryInMs);
      await sleep(retryInMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Answers while a service starts: it is live, it is not ready for the reason given, and nothing else. */
export function startingListener(reason: () => string): RequestListener {
  return (request, response) => {
    const isLive = request.url === '/health/live';
    const starting = { type: 'urn:sallyport:problem:not_ready', title: 'The service starts', status: 503 };
    const body = isLive ? { status: 'live' } : { ...starting, checks: { start: reason() } };
    const headers = isLive ? {} : { 'retry-after': '1' };
    const type = isLive ? 'application/json' : 'application/problem+json';
    response.writeHead(isLive ? 200 : 503, { ...headers, 'content-type': type });
    response.end(JSON.stringify(body));
  };
}
