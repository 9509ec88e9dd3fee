// What the services of the double share: the log, the faults, and what clients asked for.
import type { Metadata } from '@grpc/grpc-js';
import type { Faults } from './faults.js';
import type { WireLog } from './wire-log.js';

export interface Serving {
  readonly log: WireLog;
  readonly faults: Faults;
  readonly seen: Seen;
  /** Takes the server down for a while, as a crash does. */
  readonly restart: (downMs: number) => void;
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
