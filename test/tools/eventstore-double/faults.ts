// What the double does wrong when it is told to: each fault as a rule with a number of times.
import { Metadata, status } from '@grpc/grpc-js';

export type Operation = 'append' | 'read' | 'subscribe' | 'gossip' | 'users';

/**
 * - `silent`: never answers; an append is not made. `silent-after-commit`: it is made.
 * - `drop`, `drop-after-commit`: ends the call with the status, before or after it was carried out; of a
 *   subscription, after what is there already was sent.
 * - `not-leader`: names the leader; `not-leader-after-commit`, though it has made the append.
 * - `access-denied`, `wrong-expected-version`, `too-large`: as the server says.
 * - `slow`: waits before it begins. `restart-after-commit`: the server goes down before it answers.
 * - `duplicates`: each event of a subscription twice. `quiet`: a subscription that sends nothing more.
 * - `fell-behind`: says that the consumer is too slow, and ends the subscription.
 */
export type Fault =
  | { readonly kind: 'silent' | 'silent-after-commit' | 'access-denied' | 'wrong-expected-version' }
  | { readonly kind: 'too-large' | 'duplicates' | 'quiet' | 'fell-behind' }
  | { readonly kind: 'drop' | 'drop-after-commit'; readonly code: 'CANCELLED' | 'UNAVAILABLE' | 'INTERNAL' }
  | { readonly kind: 'not-leader' | 'not-leader-after-commit'; readonly host: string; readonly port: number }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'restart-after-commit'; readonly downMs: number };

interface Rule {
  readonly on: Operation;
  readonly fault: Fault;
  left: number;
}

export class Faults {
  private rules: Rule[] = [];
  /** Called between the commit of an append and its answer. */
  afterCommit: ((stream: string) => Promise<void>) | undefined;
  /** Added to the times at which events were written, as the clock of another leader would. */
  clockOffsetMs = 0;

  /** From now on, so many times (default: until cleared). */
  add(on: Operation, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.rules.push({ on, fault, left: times });
  }

  /** The fault of this call, if any; counts it. */
  take(on: Operation): Fault | undefined {
    const rule = this.rules.find((one) => one.on === on);
    if (rule === undefined) return undefined;
    rule.left -= 1;
    if (rule.left <= 0) this.rules = this.rules.filter((one) => one !== rule);
    return rule.fault;
  }

  clear(): void {
    this.rules = [];
    this.afterCommit = undefined;
    this.clockOffsetMs = 0;
  }
}

/** An error as the server sends it: a status, and trailers that say which exception it was. */
export interface WireError {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

export function wireError(
  code: keyof typeof status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): WireError {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return { code: status[code], details, metadata };
}

export const deletedError = (stream: string): WireError =>
  wireError('FAILED_PRECONDITION', `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

/** The error that a fault is answered with; undefined for faults that are none. */
export function errorOf(fault: Fault | undefined): WireError | undefined {
  switch (fault?.kind) {
    case 'drop':
      return wireError(fault.code, 'the double was told to drop the call');
    case 'not-leader':
    case 'not-leader-after-commit':
      return wireError('NOT_FOUND', `Leader info available, ${fault.host}:${fault.port}`, {
        exception: 'not-leader',
        'leader-endpoint-host': fault.host,
        'leader-endpoint-port': String(fault.port),
      });
    case 'access-denied':
      return wireError('PERMISSION_DENIED', 'Access Denied', { exception: 'access-denied' });
    case 'too-large':
      return wireError('INVALID_ARGUMENT', 'Maximum Append Size of 1048576 Exceeded.', {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': '1048576',
      });
    default:
      return undefined;
  }
}
