// What the client says went wrong, as errors of the ports.
import { EngineError, isEngineError } from '@sallyport/engine';
import type { EngineErrorCode } from '@sallyport/engine';

/** Kafka's own code for a producer that was fenced; the client has no name for it. */
const producerFenced = 90;
const fencedTypes: readonly unknown[] = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'];

/** Whether a publisher opened later under the same name has taken this one's place. */
export function isFencing(error: unknown): boolean {
  return chain(error).some(({ type, code }) => fencedTypes.includes(type) || code === producerFenced);
}

/** The error with the code given, or `fenced` where that is what it says; errors of the ports pass. */
export function asBusError(error: unknown, code: EngineErrorCode): EngineError {
  if (isEngineError(error)) return error;
  return new EngineError(isFencing(error) ? 'fenced' : code, {}, { cause: error });
}

interface ClientError {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly originalError?: unknown;
}

/** The error and what it was made of; the client wraps what it gave up on, a few deep. */
function chain(error: unknown, depth = 0): ClientError[] {
  if (typeof error !== 'object' || error === null || depth > 5) return [];
  const said = error as ClientError;
  return [said, ...chain(said.originalError ?? said.cause, depth + 1)];
}
