// What the services of the double share: the log, the faults, and what clients asked for.
import type { Metadata } from '@grpc/grpc-js';
import { errorOf, type Faults, type WireError } from './faults.js';
import type { WireLog } from './wire-log.js';

export interface Serving {
  readonly log: WireLog;
  readonly faults: Faults;
  readonly seen: Seen;
  /** Takes the server down for a while, as a crash does. */
  readonly restart: (downMs: number) => void;
  /** `user:password` of whom alone is answered. */
  readonly onlyFor: string | undefined;
}

/** The refusal of a call by anybody else than whom the double is for. */
export function refusalOf({ onlyFor }: Pick<Serving, 'onlyFor'>, metadata: Metadata): WireError | undefined {
  if (onlyFor === undefined) return undefined;
  const basic = `Basic ${Buffer.from(onlyFor).toString('base64')}`;
  return metadata.get('authorization')[0] === basic ? undefined : errorOf({ kind: 'access-denied' });
}

type Counted = 'append' | 'batch-append' | 'read' | 'subscribe';

/** What clients asked of the double. */
export class Seen {
  readonly calls: { [kind in Counted]: number } = { append: 0, 'batch-append': 0, read: 0, subscribe: 0 };
  /** Calls that would have been answered by a follower too. */
  withoutLeader = 0;
  /** Calls that are open now. */
  open = 0;

  note(kind: Counted, metadata: Metadata): void {
    this.calls[kind] += 1;
    if (metadata.get('requires-leader')[0] !== 'true') this.withoutLeader += 1;
  }
}
